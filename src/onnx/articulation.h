// Single values that hold a graph together.
#pragma once

#include <vector>

#include "onnx/graph.h"

namespace convoy::onnx {

// Values made by placed nodes without which no node that reads them is connected to the one that
// makes them: the graph of placed nodes seen without directions, and without the values `left_out`.
// In the order of their ids.
[[nodiscard]] std::vector<ValueId> articulation_values(const Graph& graph,
                                                       const ById<ValueId, bool>& left_out);

}  // namespace convoy::onnx
