// What repeats in a model: the layers of a transformer, the blocks of a convolutional network.
#pragma once

#include <string>
#include <vector>

#include "foundation/units.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::onnx {

// A piece that hands one value to the next; what many pieces read (a mask, a shape) comes beside it.
struct Block {
  std::string name;           // what the names of its nodes have in common, else those of its values,
                              // else "a … b": what it reads and what it makes
  std::vector<NodeId> nodes;  // placed ones, in topological order
};

// Blocks of the same structure, one behind the other: the same operators with the same integers and
// strings as attributes, wired alike, with weights of the same types and dimensions.
struct BlockRun {
  std::vector<Block> blocks;  // at least two
  Bytes weights;              // what one of them reads; other blocks may read the same
};

// The longest runs first in the model come first; none overlap. Leaves out what repeats for no
// reason, a few nodes twice or thrice. Takes time in proportion to the graph.
[[nodiscard]] std::vector<BlockRun> repeated_blocks(const Model& model, const Graph& graph);

// "12 blocks of 33 nodes, 28.4 MB of weights each: encoder.layer.0 … encoder.layer.11".
[[nodiscard]] std::string to_text(const BlockRun& run);

}  // namespace convoy::onnx
