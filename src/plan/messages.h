// What the devices of a plan hand to one another.
#pragma once

#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Who runs what.
struct Roster {
  ById<NodeId, StageId> stage_of;
  std::vector<std::vector<Runner>> runners;  // by stage
};
[[nodiscard]] Roster roster_of(const CostGraph& graph, const Placement& placement);

// What a device that runs a stage hands to one other device.
struct Message {
  DeviceId to;
  Bytes bytes{0};
  Seconds time{0};
  double part = 1;  // of the requests, on average
  double most = 1;  // ... and at most
};

// What a runner of a stage hands on of the stage's outputs, in the order in which the receivers
// first read.
[[nodiscard]] std::vector<Message> messages_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                               const Roster& roster, const Runner& from,
                                               const std::vector<ValueId>& outputs);

// All nodes of a stage on a device, once.
[[nodiscard]] Seconds stage_time(const CostGraph& graph, const PlacedStage& stage, DeviceId device);

// A time of each shared resource, by the fleet's contention: when it is next free, or how long it
// is busy in all.
class Resources {
 public:
  explicit Resources(const fleet::Fleet& fleet);

  // The resources that a transfer occupies; both are the same where it is one.
  [[nodiscard]] std::pair<Seconds&, Seconds&> of(DeviceId from, DeviceId to);
  // Takes back time of a sender's transfers that they share; links of their own share none.
  void take_back(DeviceId from, Seconds time);
  [[nodiscard]] Seconds longest() const;

 private:
  fleet::Contention contention_;
  std::size_t devices_;
  std::vector<Seconds> times_;
};

}  // namespace convoy::plan
