// What some plans would serve on fleets that follow each other, and what it takes to change from
// one to another.
//
// The model, for all that plans over time:
// - A plan serves 1 / period requests a second (evaluate.h), fractions counted; none while a device
//   that it uses is absent or a link that it uses is dead.
// - Before time 0 the first plan's weights are in place and its pipeline is full.
// - A switch may begin where an interval does, but the first. The pipeline drains and stands still
//   while missing weights move, at the rates of inflow() as they change, until all is there that
//   the new plan uses; then for `setup` and for one latency of the plan. The old plan does not go
//   on meanwhile: its transfers would take from the same links. A switch that was begun is carried
//   through.
// - A device keeps weights that it once got, absent or not, as far as its memory has room beside
//   the plan in force: the largest pieces first. A piece is all weights on a device that the same
//   plans need. Home has all weights, and needs no room for them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fleet/trace.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// What devices hold at time 0 beside the first plan's weights.
enum class Advance {
  nothing,
  everything,  // that any of the plans needs there, as far as there is room
};

struct OutlookOptions {
  std::optional<DeviceId> home = std::nullopt;  // has the model's file (holdings.h)
  Seconds step{5};                              // longer intervals are divided
  Advance advance = Advance::nothing;
  Seconds setup{0};  // of each switch, as for loading models
};

using PlanId = Id<struct PlanTag>;

// Which pieces lie where they belong: a bit each.
using Held = std::vector<std::uint64_t>;

struct Move {
  ById<DeviceId, Bytes> bytes;  // that are missing
  Held held;                    // afterwards
};

class Outlook {
 public:
  // Ids of devices are the same in the graph, in all intervals and in the plans, which fit the
  // devices' memories; at least one interval and one plan.
  Outlook(const CostGraph& graph, const std::vector<fleet::FleetInterval>& intervals,
          ById<PlanId, Placement> plans, const OutlookOptions& options = {});

  [[nodiscard]] const ById<PlanId, Placement>& plans() const { return plans_; }
  [[nodiscard]] std::size_t intervals() const { return begins_.size() - 1; }
  // Of an interval; of intervals(): the end.
  [[nodiscard]] Seconds begin(std::size_t interval) const { return begins_[interval]; }
  [[nodiscard]] double rate(std::size_t interval, PlanId plan) const {  // requests a second
    return rates_[interval][plan];
  }
  [[nodiscard]] Seconds latency(std::size_t interval, PlanId plan) const {
    return latencies_[interval][plan];
  }
  // Requests that a plan serves in a stretch of time.
  [[nodiscard]] double served(PlanId plan, Seconds from, Seconds to) const;

  // What lies where at time 0.
  [[nodiscard]] Held deployed(PlanId plan) const;
  [[nodiscard]] Move move(const Held& held, PlanId to) const;
  // Whether memory never makes a device drop what it has.
  [[nodiscard]] bool keeps_all() const { return keeps_all_; }
  // When a switch that begins with an interval is over and the plan serves; none: not in this time.
  [[nodiscard]] std::optional<Seconds> ready(std::size_t interval, const Move& move,
                                             PlanId plan) const;
  // How long it would take if all stayed as in this interval; none: for ever.
  [[nodiscard]] std::optional<Seconds> standstill(std::size_t interval, const Move& move,
                                                  PlanId plan) const;
  // The interval in force at a time before the end.
  [[nodiscard]] std::size_t interval_at(Seconds time) const;

 private:
  struct Piece {
    DeviceId device;
    Bytes bytes{0};
    std::vector<bool> needed_by;  // by plan
  };
  void find_pieces(const CostGraph& graph, std::optional<DeviceId> home);
  void find_room(const CostGraph& graph, const fleet::Fleet& fleet);
  [[nodiscard]] std::optional<Seconds> arrival(Seconds begin, DeviceId device, Bytes bytes) const;

  ById<PlanId, Placement> plans_;
  fleet::Contention contention_;
  std::vector<Seconds> begins_;  // and the end
  std::vector<ById<PlanId, double>> rates_;
  std::vector<ById<PlanId, Seconds>> latencies_;
  ById<PlanId, std::vector<std::size_t>>
      serves_from_;                           // the first interval from each in which it does
  ById<PlanId, std::vector<double>> served_;  // by the begin of each interval, and the end
  std::vector<ById<DeviceId, BytesPerSecond>> inflow_;
  ById<DeviceId, std::vector<double>> arrived_;  // bytes that could have come by each begin
  std::vector<Piece> pieces_;                    // the largest first
  ById<PlanId, ById<DeviceId, std::optional<Bytes>>> room_;  // beside a plan; none: no limit
  bool keeps_all_ = true;
  Advance advance_;
  Seconds setup_;
};

}  // namespace convoy::plan
