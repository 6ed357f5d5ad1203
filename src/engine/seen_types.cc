#include "engine/seen_types.h"

#include <filesystem>

#include "engine/named_run.h"
#include "foundation/file.h"
#include "onnx/exposed.h"

namespace convoy::engine {

Result<void> see_types(onnx::Model& model, const NamedTensors& inputs, onnx::Graph& graph) {
  std::error_code code;
  const Aside folder(std::filesystem::temp_directory_path(code) / "convoy-inspect");
  std::filesystem::create_directories(folder.path(), code);
  const std::filesystem::path file = folder.path() / "exposed.onnx";
  const std::size_t outputs = onnx::expose_values(model);
  const auto written = onnx::write_model(model, file);
  onnx::declare_values(model, outputs, {});
  if (!written) return std::unexpected(written.error());
  Result<NamedTensors> seen = run_file(file, {.level = onnx::OptimizationLevel::none}, inputs);
  if (!seen) return std::unexpected(seen.error());
  seen->insert(inputs.begin(), inputs.end());
  for (const auto& [name, tensor] : *seen) {
    const auto value = graph.find(name);
    if (!value || tensor.sequence) continue;
    auto& dims = graph.values[*value].type.dims.emplace();
    for (const std::int64_t size : tensor.dims) dims.push_back({.size = size, .symbol = ""});
    graph.values[*value].type.element = tensor.type;
  }
  return {};
}

}  // namespace convoy::engine
