#include "cli/model_inputs.h"

#include "cli/dimensions.h"
#include "engine/input_files.h"
#include "engine/named_run.h"
#include "engine/sample.h"

namespace convoy::cli {

Result<engine::NamedTensors> model_inputs(const onnx::Graph& graph, const std::string& input,
                                          const std::vector<std::string>& dims) {
  return model_inputs(engine::inputs_of(graph), input, dims);
}

Result<engine::NamedTensors> model_inputs(const std::vector<engine::Port>& ports,
                                          const std::string& input,
                                          const std::vector<std::string>& dims) {
  const Result<Dimensions> sizes = parse_dimensions(dims);
  if (!sizes) return std::unexpected(sizes.error());
  if (!input.empty() && !dims.empty()) {
    return fail(ErrorKind::input,
                "--dim {}: is for inputs that are made up, not for those of --input", dims.front());
  }
  if (!input.empty()) return engine::read_inputs(input, ports);
  const auto sample = engine::sample_inputs(ports, *sizes, engine::kSampleSeed);
  if (!sample) return std::unexpected(sample.error());
  return engine::by_name(ports, *sample);
}

}  // namespace convoy::cli
