// A model as it is profiled, cut and run: optimised once at one level.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "onnx/cut.h"
#include "onnx/graph.h"

namespace convoy::bench {

struct PreparedModel {
  std::filesystem::path original;
  onnx::OptimizationLevel level = onnx::OptimizationLevel::extended;
  std::filesystem::path file;  // optimised
  onnx::Graph graph;           // of `file`
  engine::NamedTensors sample; // seeded, of all inputs that must be fed

  // The sample, in the order of onnx::input_names().
  [[nodiscard]] std::vector<engine::SharedTensor> ordered_sample() const;
};

[[nodiscard]] Result<PreparedModel> prepare(const std::filesystem::path& model,
                                            onnx::OptimizationLevel level);

// A model divided by the user's partition points.
struct PointsPartition {
  PreparedModel model;
  onnx::Partition partition;
};
// At `level`, or the next lower one that keeps the values that the points name: optimising may fuse
// them away. Error: what is wrong with the points for the model as it is.
[[nodiscard]] Result<PointsPartition> prepare_points(const std::filesystem::path& model,
                                                     onnx::OptimizationLevel level,
                                                     std::span<const fleet::PartitionPoint> points);

// Cuts the model and writes the sub-models and map.json into `directory`, once they are checked
// against the whole on the sample: exact ones must agree bit for bit. `turns`: of each part the devices that take requests in turn, mostly one.
[[nodiscard]] Result<onnx::SplitMap> split(const PreparedModel& model,
                                           const onnx::Partition& partition,
                                           const std::vector<std::vector<std::string>>& turns,
                                           onnx::CutMode mode,
                                           const std::filesystem::path& directory);

}  // namespace convoy::bench
