// A placement as a small problem of its own.
#pragma once

#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

struct StageGraph {
  CostGraph graph;      // one node for each stage, without weights and workspace
  Placement placement;  // each on its device
};

// Has the placement's period and latency on every fleet of these devices (memory and energy aside),
// and is as quick to evaluate as it has stages: for the same plan on many fleets.
[[nodiscard]] StageGraph stage_graph(const CostGraph& graph, const Placement& placement);

}  // namespace convoy::plan
