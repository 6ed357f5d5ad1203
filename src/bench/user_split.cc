#include "bench/user_split.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "engine/sample.h"
#include "foundation/sha256.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::bench {
namespace {

struct Piece {
  onnx::Model model;
  onnx::SubModel sub_model;
};

std::vector<std::string> required_inputs(const onnx::Graph& graph) {
  std::vector<std::string> names;
  for (const engine::Port& port : engine::inputs_of(graph)) {
    if (port.required) names.push_back(port.name);
  }
  return names;
}

Result<Piece> read_piece(const std::filesystem::path& folder, const std::string& file,
                         const std::string& device) {
  auto model = onnx::read_model(folder / file);
  if (!model) return std::unexpected(model.error());
  const auto graph = onnx::index_graph(*model);
  if (!graph) return within(file, graph.error());
  return Piece{.model = std::move(*model),
               .sub_model = {.file = file,
                             .device = device,
                             .inputs = required_inputs(*graph),
                             .outputs = onnx::output_names(*graph)}};
}

// Puts the pieces in an order in which each finds its inputs.
Result<std::vector<Piece>> in_order(std::vector<Piece> pieces, std::set<std::string> available) {
  std::vector<Piece> ordered;
  while (!pieces.empty()) {
    const auto ready = std::ranges::find_if(pieces, [&](const Piece& piece) {
      return std::ranges::all_of(piece.sub_model.inputs, [&](const std::string& name) {
        return available.contains(name);
      });
    });
    if (ready == pieces.end()) {
      const onnx::SubModel& stuck = pieces.front().sub_model;
      return fail(ErrorKind::input, "{} reads [{}], of which some are made by no sub-model before",
                  stuck.file, fmt::join(stuck.inputs, ", "));
    }
    available.insert(ready->sub_model.outputs.begin(), ready->sub_model.outputs.end());
    ordered.push_back(std::move(*ready));
    pieces.erase(ready);
  }
  return ordered;
}

Result<onnx::SplitMap> with_devices(onnx::SplitMap map, const PartitionResult& partition) {
  for (onnx::SubModel& sub_model : map.sub_models) {
    const auto device = partition.map_info.find(sub_model.file);
    if (device == partition.map_info.end()) {
      return fail(ErrorKind::input, "the partition's map names no device for {}", sub_model.file);
    }
    onnx::assign(sub_model, {device->second});
  }
  return map;
}

}  // namespace

Result<UserSplit> adopt(const PartitionResult& partition, const std::filesystem::path& model,
                        const std::filesystem::path& directory) {
  std::error_code ignored;
  if (std::filesystem::exists(partition.models_dir / "map.json", ignored)) {
    return onnx::read_split_map(partition.models_dir)
        .and_then([&](onnx::SplitMap map) { return with_devices(std::move(map), partition); })
        .transform([&](onnx::SplitMap map) {
          return UserSplit{std::move(map), partition.models_dir};
        });
  }
  const auto whole = onnx::read_model(model).and_then(
      [](const onnx::Model& read) { return onnx::index_graph(read); });
  if (!whole) return std::unexpected(whole.error());
  const auto hash = sha256_of(model);
  if (!hash) return std::unexpected(hash.error());
  onnx::SplitMap map{.model = std::filesystem::absolute(model).string(),
                     .model_sha256 = *hash,
                     .mode = onnx::CutMode::fast,
                     .level = onnx::OptimizationLevel::none,
                     .inputs = onnx::input_names(*whole),
                     .outputs = onnx::output_names(*whole)};
  std::vector<Piece> pieces;
  for (const auto& [file, device] : partition.map_info) {
    auto piece = read_piece(partition.models_dir, file, device);
    if (!piece) return std::unexpected(piece.error());
    pieces.push_back(std::move(*piece));
  }
  if (pieces.empty()) return fail(ErrorKind::input, "the partition's map names no sub-model");
  auto ordered = in_order(std::move(pieces), {map.inputs.begin(), map.inputs.end()});
  if (!ordered) return std::unexpected(ordered.error());
  std::set<std::string> made(map.inputs.begin(), map.inputs.end());
  std::vector<onnx::Model> models;
  for (Piece& piece : *ordered) {
    made.insert(piece.sub_model.outputs.begin(), piece.sub_model.outputs.end());
    models.push_back(std::move(piece.model));
    map.sub_models.push_back(std::move(piece.sub_model));
  }
  for (const std::string& output : map.outputs) {
    if (!made.contains(output)) {
      return fail(ErrorKind::input, "no sub-model makes the model's output \"{}\"", output);
    }
  }
  return onnx::write_split(directory, std::move(models), std::move(map))
      .transform([&](onnx::SplitMap written) { return UserSplit{std::move(written), directory}; });
}

}  // namespace convoy::bench
