// Plans made in advance for the loss of each device, and what to store where for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/solve.h"

namespace convoy::plan {

struct StandbyOptions {
  SolveOptions solve;                           // its budget is for all losses together
  std::optional<DeviceId> home = std::nullopt;  // has the model's file (holdings.h)
  double slack = 0.05;                          // a period may be so much longer, to move less
};

// What weights have to move, all together, and how long that takes over the links of those left
// (move_time() in holdings.h); none: they cannot come to where they are needed.
struct Transfer {
  Bytes bytes{0};
  std::optional<Seconds> time;
};

struct StandbyPlan {
  Placement placement;
  Figures figures;       // on the fleet without the lost device
  Transfer move;         // when it is lost, if devices hold what the plan in force needs
  Transfer move_stored;  // if they hold what StandbyPlans::store says too
};

struct Standby {
  DeviceId lost;
  Result<StandbyPlan> plan;  // or why there is none
};

// Weights that a device should hold beside those of the plan in force.
struct StoredWeights {
  DeviceId device;
  std::vector<WeightId> weights;  // ascending
  Bytes bytes{0};
};

struct StandbyPlans {
  std::vector<Standby> losses;       // of each device of the plan in force, in the fleet's order
  std::vector<StoredWeights> store;  // of devices that should hold any
  // For how long links would carry weights, over all losses, without and with those stored in
  // advance, and what no choice of what to store falls below. Slower links, and those that are not
  // there, count as 1 kB/s.
  Seconds moving{0};
  Seconds moving_stored{0};
  Seconds moving_bound{0};
};

// For each device in use the plan that moves fewest bytes among those found whose period is at most
// `slack` longer than the shortest found for the others. Looked at are solve_auto()'s plan, the
// plan in force with the lost device's part given to another device or divided between its
// neighbours, contiguous plans that move least (least_moves.h), and all of these with nodes moved
// over the borders of stages and with devices exchanged, as long as that moves less. Of equal ones
// the shortest period. Why there is none: what solve_auto() says. When the budget is over, what is
// left of moving less is left out.
//
// What to store: each device's memory that the plan in force leaves free is filled with single
// weights, those first that spare most time a byte over all losses, of these the largest. Greedy,
// so on each device short of the best by less than one weight; `moving_bound` divides weights.
//
// The placement must fit. A device that is not in use needs no standby plan.
[[nodiscard]] StandbyPlans standby_plans(const CostGraph& graph, const fleet::Fleet& fleet,
                                         const Placement& in_force,
                                         const StandbyOptions& options = {});

}  // namespace convoy::plan
