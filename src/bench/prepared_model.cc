#include "bench/prepared_model.h"

#include <ranges>

#include "bench/compiler.h"
#include "engine/named_run.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "engine/verify.h"
#include "foundation/cache_folder.h"
#include "foundation/sha256.h"
#include "onnx/model.h"

namespace convoy::bench {
namespace {

Result<engine::NamedTensors> sample_of(const onnx::Graph& graph) {
  const std::vector<engine::Port> ports = engine::inputs_of(graph);
  auto tensors = engine::sample_inputs(ports, {}, engine::kSampleSeed);
  if (!tensors) return std::unexpected(tensors.error());
  return engine::by_name(ports, *tensors);
}

Result<void> check(const PreparedModel& model, const std::filesystem::path& directory,
                   onnx::CutMode mode) {
  const auto verified = engine::verify(model.original, directory, model.sample, /*threads=*/1);
  if (!verified) return std::unexpected(verified.error());
  if (mode == onnx::CutMode::exact && !verified->largest.identical) {
    return fail(ErrorKind::failure,
                "the sub-models in {} do not answer as the whole model does: what they answer {}",
                directory.string(), engine::to_text(verified->largest));
  }
  return {};
}

}  // namespace

std::vector<engine::SharedTensor> PreparedModel::ordered_sample() const {
  std::vector<engine::SharedTensor> tensors;
  for (const std::string& name : onnx::input_names(graph)) {
    if (const auto tensor = sample.find(name); tensor != sample.end()) {
      tensors.push_back(tensor->second);
    }
  }
  return tensors;
}

Result<PreparedModel> prepare(const std::filesystem::path& model, onnx::OptimizationLevel level) {
  const auto file = engine::optimized_model(model, level, cache_folder());
  if (!file) return std::unexpected(file.error());
  auto graph = onnx::read_model(*file).and_then(
      [](const onnx::Model& read) { return onnx::index_graph(read); });
  if (!graph) return std::unexpected(graph.error());
  auto sample = sample_of(*graph);
  if (!sample) return within(model.string(), sample.error());
  return PreparedModel{.original = model,
                       .level = level,
                       .file = *file,
                       .graph = std::move(*graph),
                       .sample = std::move(*sample)};
}

Result<PointsPartition> prepare_points(const std::filesystem::path& model,
                                       onnx::OptimizationLevel level,
                                       std::span<const fleet::PartitionPoint> points) {
  std::vector<onnx::PartitionPoint> named;
  for (const fleet::PartitionPoint& point : points) {
    named.push_back({.inputs = point.inputs, .outputs = point.outputs});
  }
  for (int lower = static_cast<int>(level);; --lower) {
    auto prepared = prepare(model, static_cast<onnx::OptimizationLevel>(lower));
    if (!prepared) return std::unexpected(prepared.error());
    auto partition = onnx::partition_by_points(prepared->graph, named);
    if (partition) return PointsPartition{std::move(*prepared), std::move(*partition)};
    if (lower == static_cast<int>(onnx::OptimizationLevel::none)) {
      return std::unexpected(partition.error());
    }
  }
}

Result<onnx::SplitMap> split(const PreparedModel& model, const onnx::Partition& partition,
                             const std::vector<std::vector<std::string>>& turns, onnx::CutMode mode,
                             const std::filesystem::path& directory) {
  const auto hash = sha256_of(model.original);
  if (!hash) return std::unexpected(hash.error());
  onnx::SplitMap map{.model = std::filesystem::absolute(model.original).string(),
                     .model_sha256 = *hash,
                     .mode = mode,
                     .level = model.level,
                     .inputs = onnx::input_names(model.graph),
                     .outputs = onnx::output_names(model.graph)};
  for (const std::vector<std::string>& of_part : turns) {
    onnx::assign(map.sub_models.emplace_back(), of_part);
  }
  return onnx::read_model(model.file)
      .and_then([&](const onnx::Model& read) { return onnx::cut(read, model.graph, partition); })
      .and_then([&](std::vector<onnx::Model>&& models) {
        return onnx::write_split(
            directory, std::move(models), std::move(map),
            [&](const std::filesystem::path& aside) { return check(model, aside, mode); });
      });
}

}  // namespace convoy::bench
