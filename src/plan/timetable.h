// When each device and each link of a plan is busy with what.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// What a stage occupies without a break. In a period that repeats, what begins near its end goes on
// at its begin, as a bar of its own.
struct Bar {
  std::optional<StageId> stage;  // none: what transfers keep a device from computing
  std::string what;              // "computes", "to laptop", "from phone"
  Seconds start{0};
  Seconds end{0};
  int age = 0;  // how many requests before the newest this one is
};

// A device that computes, or what transfers share: a link, a radio, the medium.
struct Lane {
  std::string name;
  bool transfers = false;
  Seconds busy{0};  // what its bars sum to
  std::vector<Bar> bars;
};

struct Timetable {
  Seconds length{0};
  std::vector<Lane> lanes;  // devices first, in the fleet's order; those with a bar
};

// One period of a full pipeline: every bar begins once what it needs is there, so that a request
// passes through bars of several periods. Stages with replicas occupy each device for its part of
// the requests, on average. With radios, the two ends of a transfer may be drawn at different
// times: that all radios can be busy for the whole period at once is the evaluator's assumption.
[[nodiscard]] Timetable one_period(const CostGraph& graph, const fleet::Fleet& fleet,
                                   const Plan& plan);

// One request alone, from its begin to the end of its last stage (one_request.h).
[[nodiscard]] Timetable one_life(const CostGraph& graph, const fleet::Fleet& fleet,
                                 const Plan& plan);

}  // namespace convoy::plan
