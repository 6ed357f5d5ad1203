#include "profile/calibrate.h"

#include <filesystem>
#include <span>
#include <system_error>

#include "engine/sample.h"
#include "foundation/file.h"
#include "onnx/one_node.h"
#include "profile/measure.h"

namespace convoy::profile {
namespace {

constexpr std::int64_t kMatrix = 768;
constexpr std::int64_t kElements = 16 << 20;

// How fast its node does its work.
struct Rate {
  double flops = 0;  // a second
  double bytes = 0;
};

Result<Rate> rate_of(const onnx::Model& model, int threads) {
  std::error_code code;
  const Aside file(std::filesystem::temp_directory_path(code) / "convoy-calibrate.onnx");
  if (auto written = onnx::write_model(model, file.path()); !written) {
    return std::unexpected(written.error());
  }
  const Result<onnx::Graph> graph = onnx::index_graph(model);
  if (!graph) return std::unexpected(graph.error());
  const auto inputs = engine::sample_inputs(engine::inputs_of(*graph), {}, engine::kSampleSeed);
  if (!inputs) return std::unexpected(inputs.error());
  const auto costs =
      measure_nodes(file.path(), *inputs, {.threads = threads, .budget = Seconds(1)});
  if (!costs) return std::unexpected(costs.error());
  const onnx::Work work = onnx::work_of(model, *graph)[NodeId(0)];
  const Seconds time = costs->nodes.at(graph->nodes[NodeId(0)].name);
  return Rate{work.flops / time.count(), static_cast<double>(work.moved.value()) / time.count()};
}

}  // namespace

Result<Roofs> calibrate(int threads) {
  const auto product = rate_of(onnx::one_node("MatMul", {kMatrix, kMatrix}), threads);
  if (!product) return std::unexpected(product.error());
  const auto sum = rate_of(onnx::one_node("Add", {kElements}), threads);
  if (!sum) return std::unexpected(sum.error());
  return Roofs{FlopsPerSecond(product->flops), BytesPerSecond(sum->bytes)};
}

}  // namespace convoy::profile
