// A planning problem that stands alone: published ones are read into it.
#pragma once

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

struct Problem {
  CostGraph graph;
  fleet::Fleet fleet;
};

// An error of kind input where there is nothing to place, or nowhere.
[[nodiscard]] Result<void> check_solvable(const CostGraph& graph, const fleet::Fleet& fleet);

}  // namespace convoy::plan
