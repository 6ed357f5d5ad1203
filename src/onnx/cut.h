// Cutting a model into parts that together compute the same.
#pragma once

#include <vector>

#include "foundation/error.h"
#include "onnx/cut_line.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/partition.h"
#include "onnx/partition_points.h"
#include "onnx/split_map.h"

namespace convoy::onnx {

// The parts as models of their own: opset imports, functions, metadata and annotations kept; weights
// that several parts read stand in each. External data stays where it is until a part is written.
// Errors: those of parts_of; a value that crosses and whose type is not known.
[[nodiscard]] Result<std::vector<Model>> cut(const Model& model, const Graph& graph,
                                             const Partition& partition);
// The same, and takes the model apart: weights that one part reads are moved there, not copied.
[[nodiscard]] Result<std::vector<Model>> cut(Model&& model, const Graph& graph,
                                             const Partition& partition);

}  // namespace convoy::onnx
