#include "cli/model_inputs.h"

#include <utility>

#include "cli/dimensions.h"
#include "engine/input_files.h"
#include "engine/named_run.h"
#include "engine/sample.h"

namespace convoy::cli {

Result<engine::NamedTensors> model_inputs(const onnx::Graph& graph, const std::string& input,
                                          const std::vector<std::string>& dims, int batch) {
  return model_inputs(engine::inputs_of(graph), input, dims, batch);
}

Result<engine::NamedTensors> model_inputs(std::vector<engine::Port> ports, const std::string& input,
                                          const std::vector<std::string>& dims, int batch) {
  const Result<Dimensions> sizes = parse_dimensions(dims);
  if (!sizes) return std::unexpected(sizes.error());
  if (!input.empty() && !dims.empty()) {
    return fail(ErrorKind::input,
                "--dim {}: is for inputs that are made up, not for those of --input", dims.front());
  }
  if (!input.empty()) return engine::read_inputs(input, ports);
  if (batch > 0) {
    auto batched = engine::with_items(std::move(ports), batch);
    if (!batched) return within(fmt::format("--batch {}", batch), batched.error());
    ports = *std::move(batched);
  }
  const auto sample = engine::sample_inputs(ports, *sizes, engine::kSampleSeed);
  if (!sample) return std::unexpected(sample.error());
  return engine::by_name(ports, *sample);
}

void add_batch(CLI::App& command, int& batch, CLI::Option* input) {
  command
      .add_option("--batch", batch,
                  "Items of a request (a micro-batch): the first dimension of the inputs")
      ->excludes(input)
      ->check(CLI::Range(1, 1'000'000));
}

}  // namespace convoy::cli
