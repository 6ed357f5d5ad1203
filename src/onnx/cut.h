// Cutting a model into parts that together compute the same.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::onnx {

// Which part each node belongs to; parts are numbered in an order in which they can run. Copied
// nodes (copied_nodes) are in whichever parts read them: what stands for them here is ignored.
struct Partition {
  std::size_t parts = 0;
  ById<NodeId, PartId> part_of;
};

// What one part reads and writes once it stands alone. Inputs and outputs are named as in the whole
// model; a graph output that passes an input straight through belongs to the part of its consumers,
// or to part 0.
struct Part {
  std::vector<NodeId> nodes;       // in topological order, copied nodes included
  std::vector<ValueId> inputs;     // graph inputs and values of earlier parts
  std::vector<ValueId> outputs;    // values that later parts read, and graph outputs
  std::vector<WeightId> weights;
};

// The parts of a partition. Errors: a cycle between parts, an empty part; both say which nodes.
[[nodiscard]] Result<ById<PartId, Part>> parts_of(const Graph& graph, const Partition& partition);

// A cut as people give it: the values that one part hands to the next.
struct CutLine {
  std::vector<std::string> values;
};

// Parts between successive cut lines: a node belongs before a line if the line's values depend on it
// (or if what it computes is not needed behind the line). Errors: an unknown name (the nearest known one), a value
// that is an input, initializer or inside a body (the enclosing node), a repeated name, values that
// do not separate the graph (the values that would also have to cross, and the nearest single value
// that separates).
[[nodiscard]] Result<Partition> partition_at(const Graph& graph, std::span<const CutLine> lines);

// Parts by Ianvs' partition points: each named by its input and output values, as
// onnx.utils.extract_model takes them. Errors as partition_at; also nodes that no part covers.
struct PartitionPoint {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};
[[nodiscard]] Result<Partition> partition_by_points(const Graph& graph,
                                                    std::span<const PartitionPoint> points);

// A value at which the graph falls into a front and a back with nothing else crossing.
struct SeparatingCut {
  ValueId value;
  std::size_t nodes_before = 0;  // placed nodes of the front
};
// All of them, front to back. The graph inputs' own readers count: a graph input that is read on
// both sides does not spoil a cut, as inputs can be fed to any part.
[[nodiscard]] std::vector<SeparatingCut> separating_cuts(const Graph& graph);

// The parts as models of their own: opset imports, functions, metadata and annotations kept; weights
// that several parts read stand in each. Models with external data keep it external.
[[nodiscard]] Result<std::vector<Model>> cut(const Model& model, const Graph& graph,
                                             const Partition& partition);

// One line of map.json.
struct SubModel {
  std::string file;                  // "sub_model_1.onnx", relative to the directory
  std::string device;                // empty when no device was chosen
  std::vector<std::string> inputs;   // value names
  std::vector<std::string> outputs;
  std::string sha256;
};

// How a model was made comparable: ONNX Runtime's level of graph optimisation before the cut.
enum class OptimizationLevel { none, basic, extended, all };
[[nodiscard]] std::string_view name_of(OptimizationLevel level);
[[nodiscard]] Result<OptimizationLevel> parse_level(std::string_view name);

// exact: the pieces run as cut, bit for bit as the whole. fast: each device optimises its piece.
enum class CutMode { exact, fast };

// What lies in a directory of sub-models: map.json.
struct SplitMap {
  std::string model;            // the whole model's file
  std::string model_sha256;
  CutMode mode = CutMode::exact;
  OptimizationLevel level = OptimizationLevel::extended;
  std::vector<std::string> inputs;    // of the whole model
  std::vector<std::string> outputs;
  std::vector<SubModel> sub_models;   // in an order in which they can run
};

[[nodiscard]] Result<SplitMap> read_split_map(const std::filesystem::path& directory);

// Writes the sub-models and map.json into `directory`: aside first, renamed at the end, so that a
// failure leaves no sub-model behind and an older split intact. Fills in `sha256` of each.
[[nodiscard]] Result<SplitMap> write_split(const std::filesystem::path& directory,
                                           std::vector<Model> models, SplitMap map);

}  // namespace convoy::onnx
