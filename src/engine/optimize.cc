#include "engine/optimize.h"

#include <utility>

#include "engine/session.h"
#include "foundation/file.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/tidy.h"

namespace convoy::engine {
namespace {

// Protobuf ends at 2 GiB; what is not weights needs some of it.
constexpr Bytes kMostWeightsInside{1'500'000'000};

Result<Bytes> weight_bytes(const onnx::Model& model) {
  return onnx::index_graph(model).transform([](const onnx::Graph& graph) {
    Bytes sum{0};
    for (const onnx::Weight& weight : graph.weights) sum += weight.bytes;
    return sum;
  });
}

}  // namespace

Result<void> optimize(const std::filesystem::path& model, onnx::OptimizationLevel level,
                      const std::filesystem::path& file) {
  const Result<onnx::Model> original = onnx::read_model(model);
  if (!original) return std::unexpected(original.error());
  const Result<Bytes> weights = weight_bytes(*original);
  if (!weights) return within(model.string(), weights.error());

  // Never put in place: it goes with this function.
  const Aside untidy(file.parent_path() / (file.filename().string() + ".untidy"));
  const std::filesystem::path weights_file =
      file.parent_path() / (file.filename().string() + ".data");
  const Result<Session> optimized = Session::load(
      model, {.level = level,
              .optimized_model = untidy.path(),
              .optimized_weights = *weights > kMostWeightsInside ? weights_file : ""});
  if (!optimized) return std::unexpected(optimized.error());

  Result<onnx::Model> tidied = onnx::read_model(untidy.path());
  if (!tidied) return std::unexpected(tidied.error());
  if (auto done = onnx::tidy_optimized(*original, *tidied); !done) {
    return within(model.string(), done.error());
  }
  return onnx::write_model(*tidied, file);
}

}  // namespace convoy::engine
