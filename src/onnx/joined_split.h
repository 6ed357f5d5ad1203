// The whole of a split model, to look at.
#pragma once

#include <filesystem>

#include "foundation/error.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/partition.h"
#include "onnx/split_map.h"

namespace convoy::onnx {

struct JoinedSplit {
  SplitMap map;
  Model model;  // of no file, and without those of its external data: not to be run
  Graph graph;
  Partition partition;  // part i is the i-th sub-model; copied nodes are in the first that has them
};

// Puts the sub-models together again by the names of their values. Errors: those of
// read_split_map, read_model and index_graph.
[[nodiscard]] Result<JoinedSplit> join_split(const std::filesystem::path& directory);

}  // namespace convoy::onnx
