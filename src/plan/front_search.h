// The portfolio for other objectives than the period alone.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/front.h"
#include "plan/solve.h"

namespace convoy::plan {

// Which placements are looked for.
enum class Reach {
  chain,   // contiguous, in the graph's order
  ideals,  // contiguous, in any order
  any,     // not contiguous as well: what small changes lead to
};

struct FrontSearch {
  bool has_chain = false;       // the front has all that is best in the graph's order
  bool has_contiguous = false;  // ... of all contiguous placements
};

// Fills a front, within the budget.
[[nodiscard]] FrontSearch fill(Front& front, const CostGraph& graph, const fleet::Fleet& fleet,
                               Reach reach, const SolveOptions& options);

// What a solver named `solver` does for another objective than throughput: the best of what fill()
// finds, explained. `contiguous_bound` says where that is proven for contiguous plans.
[[nodiscard]] Result<Plan> solve_objective(std::string solver, const CostGraph& graph,
                                           const fleet::Fleet& fleet, Reach reach,
                                           const SolveOptions& options);

}  // namespace convoy::plan
