// What the tests of cutting share: pieces run one after another, against the whole.
#pragma once

#include <filesystem>
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

}  // namespace convoy
