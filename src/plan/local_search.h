// Small changes to a placement, whole placements being counted.
#pragma once

#include <cstdint>
#include <functional>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/front.h"
#include "plan/plan.h"

namespace convoy::plan {

struct LocalSearchOptions {
  std::int64_t moves = 20'000;
  double hottest = 0.05;  // how much worse a placement that is taken may get by one move, at first
  double coldest = 0.0005;
  std::uint64_t seed = 1;
  std::function<bool()> stop = [] { return false; };  // asked before each move
};

// Simulated annealing (Kirkpatrick et al., Science 220, 1983) from a placement that fits: a unit,
// or a cluster of neighbours on one device, moves to another device. Every placement that is taken
// is offered to the front; what is kept small is the mean of the front's objectives, each in parts
// of its first value. For graphs and objectives whose changes cannot be counted move by move
// (annealing.h).
void search_nearby(const CostGraph& graph, const fleet::Fleet& fleet,
                   const Contraction& contraction, const Placement& from, Front& front,
                   const LocalSearchOptions& options);

}  // namespace convoy::plan
