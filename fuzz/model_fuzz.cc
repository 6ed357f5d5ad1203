// Any bytes as a model: read, indexed, cut at up to three places and written, or refused.
#include "input_file.h"
#include "onnx/cut.h"
#include "onnx/graph.h"
#include "onnx/model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoy;
  const auto model = onnx::read_model(input_file("model.onnx", data, size));
  if (!model) return 0;
  const auto graph = onnx::index_graph(*model);
  if (!graph) return 0;
  const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(*graph);
  for (std::size_t i = 0; i < cuts.size() && i < 3; ++i) {
    const auto& name = graph->values[cuts[cuts.size() * i / 3].value].name;
    const onnx::CutLine line{.values = {name}};
    const auto partition = onnx::partition_at(*graph, {&line, 1});
    if (!partition) continue;
    auto parts = onnx::cut(*model, *graph, *partition);
    if (!parts) continue;
    (void)onnx::write_split(fuzz_folder() / "split", *std::move(parts),
                            {.inputs = onnx::input_names(*graph)});
  }
  return 0;
}
