#include "engine/optimize.h"

#include <map>
#include <string>

#include "engine/session.h"
#include "foundation/file.h"
#include "onnx/exposed.h"
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

// Declares the types of all values, as ONNX Runtime infers them: ONNX does not know the operators
// that ONNX Runtime puts in, and so nothing behind them. `scratch` is a file to use.
Result<void> declare_types(onnx::Model& model, const std::filesystem::path& scratch) {
  const std::size_t outputs = onnx::expose_values(model);
  if (auto written = onnx::write_model(model, scratch); !written) {
    return std::unexpected(written.error());
  }
  const Result<Session> session =
      Session::load(scratch, {.level = onnx::OptimizationLevel::none});
  if (!session) return std::unexpected(session.error());
  std::map<std::string, onnx::ValueType> types;
  for (const Port& port : session->outputs()) {
    if (!port.type.container.empty()) continue;  // of which its elements are not told
    onnx::ValueType& type = types[port.name] = port.type;
    if (type.dims && type.dims->empty()) type.dims.reset();  // a scalar, or of unknown rank
  }
  onnx::declare_values(model, outputs, types);
  return {};
}

}  // namespace

Result<void> optimize(const std::filesystem::path& model, onnx::OptimizationLevel level,
                      const std::filesystem::path& file) {
  const Result<onnx::Model> original = onnx::read_model(model);
  if (!original) return std::unexpected(original.error());
  const Result<Bytes> weights = weight_bytes(*original);
  if (!weights) return within(model.string(), weights.error());

  // ONNX Runtime leaves weights that are beside the model where they are, and says so wrongly in a
  // model that it writes elsewhere.
  const bool apart = *weights > kMostWeightsInside || !original->data_files().empty();
  // Never put in place: it goes with this function.
  const Aside untidy(file.parent_path() / (file.filename().string() + ".untidy"));
  const std::filesystem::path weights_file =
      file.parent_path() / (file.filename().string() + ".data");
  if (const auto optimized = Session::load(
          model, {.level = level,
                  .optimized_model = untidy.path(),
                  .optimized_weights = apart ? weights_file : ""});
      !optimized) {
    return std::unexpected(optimized.error());
  }

  Result<onnx::Model> tidied = onnx::read_model(untidy.path());
  if (!tidied) return std::unexpected(tidied.error());
  if (auto done = onnx::tidy_optimized(*original, *tidied); !done) {
    return within(model.string(), done.error());
  }
  if (auto declared = declare_types(*tidied, untidy.path()); !declared) return declared;
  return onnx::write_for_engine(*std::move(tidied), file).transform([](const std::string&) {});
}

}  // namespace convoy::engine
