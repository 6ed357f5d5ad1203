// What the tests of cutting share: pieces run one after another, against the whole.
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "engine/compare.h"
#include "engine/named_run.h"
#include "engine/optimize.h"
#include "engine/sample.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "foundation/file.h"
#include "onnx/cut.h"

namespace convoy {

enum class Overrides { left_out, given };

// Inputs for a model, and, when `given`, other values for those of its weights that may be replaced.
inline Result<engine::NamedTensors> sample_of(const onnx::Graph& graph, std::uint64_t seed,
                                              Overrides overrides = Overrides::left_out) {
  std::vector<engine::Port> ports = engine::inputs_of(graph);
  if (overrides == Overrides::given) {
    for (engine::Port& port : ports) port.required = true;
  }
  const auto sample = engine::sample_inputs(ports, {}, seed);
  if (!sample) return std::unexpected(sample.error());
  return engine::by_name(ports, *sample);
}

// Everything that the pieces of a split compute, piece after piece, without optimisation.
inline Result<engine::NamedTensors> run_pieces(const std::filesystem::path& directory,
                                               const onnx::SplitMap& map,
                                               engine::NamedTensors values) {
  for (const onnx::SubModel& part : map.sub_models) {
    auto made = engine::run_file(directory / part.file, {.level = onnx::OptimizationLevel::none},
                                 values);
    if (!made) return made;
    values.merge(*made);
  }
  return values;
}

// A model, optimised or not, what it is given and what it answers.
struct Whole {
  onnx::Model model;
  onnx::Graph graph;
  engine::NamedTensors inputs;
  engine::NamedTensors outputs;
};

// The model in `file` as optimised at `level`, with the answers of the original at that level.
inline Result<Whole> whole_at(const std::filesystem::path& file, onnx::OptimizationLevel level,
                              engine::NamedTensors inputs, const std::filesystem::path& scratch) {
  auto outputs = engine::run_file(file, {.level = level}, inputs);
  if (!outputs) return std::unexpected(outputs.error());
  const std::filesystem::path optimised = scratch / "optimised.onnx";
  if (const auto done = engine::optimize(file, level, optimised); !done) {
    return std::unexpected(done.error());
  }
  auto model = onnx::read_model(optimised);
  if (!model) return std::unexpected(model.error());
  auto graph = onnx::index_graph(*model);
  if (!graph) return std::unexpected(graph.error());
  return Whole{*std::move(model), *std::move(graph), std::move(inputs), *std::move(outputs)};
}

// Writes the parts and runs them; an error names an output whose bits are not those of the whole.
inline Result<void> same_in_pieces(const Whole& whole, std::vector<onnx::Model> parts,
                                   const std::filesystem::path& scratch) {
  const Aside folder(scratch / "split");
  const auto map = onnx::write_split(folder.path(), std::move(parts),
                                     {.inputs = onnx::input_names(whole.graph)});
  if (!map) return std::unexpected(map.error());
  const auto pieces = run_pieces(folder.path(), *map, whole.inputs);
  if (!pieces) return std::unexpected(pieces.error());
  for (const auto& [name, tensor] : whole.outputs) {
    const auto piece = pieces->find(name);
    if (piece == pieces->end()) return fail(ErrorKind::failure, "no part makes {}", name);
    const engine::Difference difference = engine::compare(tensor, piece->second);
    if (!difference.identical) {
      return fail(ErrorKind::failure, "{} {}", name, engine::to_text(difference));
    }
  }
  return {};
}

inline Result<void> same_in_pieces(const Whole& whole, const onnx::Partition& partition,
                                   const std::filesystem::path& scratch) {
  return onnx::cut(whole.model, whole.graph, partition)
      .and_then([&](std::vector<onnx::Model>&& parts) {
        return same_in_pieces(whole, std::move(parts), scratch);
      });
}

// Random parts in an order that can run: each node goes no earlier than what it reads.
inline onnx::Partition random_partition(const onnx::Graph& graph, std::size_t parts,
                                        std::mt19937& random) {
  onnx::Partition partition{.parts = parts, .part_of = ById<NodeId, PartId>(graph.nodes.size())};
  const ById<NodeId, bool> copied = onnx::copied_nodes(graph);
  std::vector<std::size_t> used;
  for (const NodeId node : graph.nodes.ids()) {
    if (copied[node]) continue;
    std::size_t part = 0;
    for (const ValueId value : graph.nodes[node].reads) {
      const auto producer = graph.values[value].producer;
      if (!producer || copied[*producer]) continue;
      part = std::max(part, partition.part_of[*producer].index());
    }
    part += random() % (parts - part);
    partition.part_of[node] = PartId(part);
    used.push_back(part);
  }
  // Parts that stayed empty are closed up.
  std::ranges::sort(used);
  used.erase(std::ranges::unique(used).begin(), used.end());
  for (PartId& part : partition.part_of) {
    const auto rank = std::ranges::lower_bound(used, part.index()) - used.begin();
    part = PartId(static_cast<std::size_t>(rank));
  }
  partition.parts = std::max<std::size_t>(used.size(), 1);
  return partition;
}

}  // namespace convoy
