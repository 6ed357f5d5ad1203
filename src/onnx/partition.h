// Which part of a cut model each node belongs to, and what the parts hand to each other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "onnx/graph.h"

namespace convoy::onnx {

// Which part each node belongs to; parts are numbered in an order in which they can run. Copied
// nodes (copied_nodes) are in whichever parts read them: what stands for them here is ignored.
struct Partition {
  std::size_t parts = 0;
  ById<NodeId, PartId> part_of;
};

// What one part reads and writes once it stands alone. Graph inputs and outputs come first, in the
// model's order; then the values that cross, in the order of the nodes that make them. A graph
// output that is an input or initializer belongs to the first part that reads it, or to part 0; one
// that a copied node makes likewise. A graph input that nothing reads is in no part.
struct Part {
  std::vector<NodeId> nodes;     // in topological order, copied nodes included
  std::vector<ValueId> inputs;   // graph inputs and values of earlier parts
  std::vector<ValueId> outputs;  // values that later parts read, and graph outputs
  std::vector<WeightId> weights;
};

// The parts of a partition. Errors: a part that reads from a later one, a part without nodes (but
// the only one); both say which nodes.
[[nodiscard]] Result<ById<PartId, Part>> parts_of(const Graph& graph, const Partition& partition);

// Part i is the nodes of the i-th list, by their names. Errors: an unknown or repeated name, a placed
// node that no list has.
[[nodiscard]] Result<Partition> partition_of_nodes(const Graph& graph,
                                                   std::span<const std::vector<std::string>> parts);

}  // namespace convoy::onnx
