// What the tests of cutting share: pieces run one after another, against the whole.
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "engine/compare.h"
#include "engine/named_run.h"
#include "engine/sample.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy {

inline Result<engine::NamedTensors> sample_of(const onnx::Graph& graph, std::uint64_t seed) {
  const std::vector<engine::Port> ports = engine::inputs_of(graph);
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

// The outputs of the whole that are not, bit for bit, among what the pieces computed.
inline std::vector<std::string> differing(const engine::NamedTensors& whole,
                                          const engine::NamedTensors& pieces) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : whole) {
    const auto piece = pieces.find(name);
    if (piece == pieces.end() || !engine::compare(tensor, piece->second).identical) {
      names.push_back(name);
    }
  }
  return names;
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
