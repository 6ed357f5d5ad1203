// Partitions by Ianvs' partition points.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "onnx/graph.h"
#include "onnx/partition.h"

namespace convoy::onnx {

// A sub-model by its input and output values, as onnx.utils.extract_model takes them.
struct PartitionPoint {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

// Part i is what lies between the inputs and the outputs of point i. A node that two points reach
// goes to the first.
// Errors: unknown names as partition_at; an input that a point needs and does not list; points that
// run in another order; a point without a node of its own; nodes that no point covers, by name.
[[nodiscard]] Result<Partition> partition_by_points(const Graph& graph,
                                                    std::span<const PartitionPoint> points);

}  // namespace convoy::onnx
