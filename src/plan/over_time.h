// Plans for a fleet that changes: which plan is in force when, so that most requests are served.
#pragma once

#include <optional>
#include <vector>

#include "fleet/trace.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/schedule.h"
#include "plan/solve.h"

namespace convoy::plan {

struct OverTimeOptions {
  SolveOptions solve;  // its budget is for all fleets together
  OutlookOptions outlook;
  std::size_t most_fleets = 8;  // that solvers plan for, beside the mean and the worst
  std::size_t most_plans = 12;  // to choose from
  ScheduleOptions schedule;
};

// What holds of all of them: outlook.h. All figures are modelled.
struct OverTime {
  ById<PlanId, Placement> plans;
  Schedule best;
  Schedule fixed;                 // the best single plan
  Schedule online;                // what should_switch() does, which does not know the future
  Schedule best_stored;           // the same, with all plans' weights stored in advance as far as
  Schedule online_stored;         // there is room
  double without_move_costs = 0;  // requests, if each interval had its best plan for nothing
};

// The mean fleet and the worst (each link's lowest bandwidth, the devices that are always there);
// then those farthest from all before, until each interval's fleet has one in which the same
// devices are present and no link is twice as fast or half as fast (below 1 kB/s all are alike), or
// there are `most` more. At least one interval.
[[nodiscard]] std::vector<fleet::FleetInterval> typical_fleets(
    const std::vector<fleet::FleetInterval>& intervals, std::size_t most);

// Of some placements the best fixed plan, then again and again that which adds most to what would
// be served if switches cost nothing, then the best fixed ones of the rest; each once.
[[nodiscard]] ById<PlanId, Placement> most_useful(
    const CostGraph& graph, const std::vector<fleet::FleetInterval>& intervals,
    std::vector<Placement> placements, std::size_t most);

// Plans of solve_auto() for the typical fleets and of each device alone, the most useful of them,
// and the best schedule of these. Ids of devices are those of the graph in all intervals.
// Infeasible: no plan fits at any time.
[[nodiscard]] Result<OverTime> plan_over_time(const CostGraph& graph,
                                              const std::vector<fleet::FleetInterval>& intervals,
                                              const OverTimeOptions& options = {});

}  // namespace convoy::plan
