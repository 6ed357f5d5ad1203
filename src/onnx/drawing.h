// A picture of a graph and of the parts that it is cut into.
#pragma once

#include <span>
#include <string>

#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/partition.h"

namespace convoy::onnx {

// An SVG that needs nothing else, light or dark as its reader is. A box is a node or several; parts
// have colours, and `part_names` stand in the legend (none: no legend). What crosses between parts
// stands in a box of its own, with its name, type and bytes. The same for the same model, byte for
// byte.
[[nodiscard]] std::string draw(const Model& model, const Graph& graph, const Partition& partition,
                               std::span<const std::string> part_names);

}  // namespace convoy::onnx
