// What passes in and out of a stage, and the memory that it takes while it runs.
#pragma once

#include <vector>

#include "foundation/units.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

struct StagePorts {
  std::vector<ValueId> inputs;   // read here and not made here; ascending
  std::vector<ValueId> outputs;  // made here, and read elsewhere or returned; ascending
};

// `nodes`: a stage's, ascending.
[[nodiscard]] StagePorts ports_of(const CostGraph& graph, const std::vector<NodeId>& nodes);

// Of values, without weights and the worker's own: as evaluate.h says.
[[nodiscard]] Bytes activation_memory(const CostGraph& graph, const std::vector<NodeId>& nodes,
                                      const StagePorts& ports);

// Of all nodes as one stage, its weights included, without the worker's own.
[[nodiscard]] Bytes model_memory(const CostGraph& graph);

}  // namespace convoy::plan
