#include "corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <optional>
#include <set>
#include <span>

#include "engine/input_files.h"
#include "engine/optimize.h"
#include "engine/test_models.h"
#include "foundation/file.h"
#include "onnx/cut.h"
#include "split_run.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using Outcome = CorpusTrial::Outcome;

struct Stopped {
  Outcome outcome;
  std::string message;
};
using Step = std::expected<void, Stopped>;

std::vector<std::string> operators_of(const onnx::Graph& graph) {
  std::set<std::string> names;
  for (const onnx::Node& node : graph.nodes) {
    names.insert(node.domain.empty() ? node.op : node.domain + "." + node.op);
  }
  return {names.begin(), names.end()};
}

// Up to `most`, evenly spread.
std::vector<ValueId> places(const onnx::Graph& graph, std::size_t most) {
  const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(graph);
  const std::size_t count = std::min(most, cuts.size());
  std::vector<ValueId> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(cuts[cuts.size() * i / count].value);
  return chosen;
}

Step compare(const Whole& whole, const onnx::Partition& partition, const std::string& what,
             const fs::path& scratch) {
  auto parts = onnx::cut(whole.model, whole.graph, partition);
  if (!parts) return std::unexpected(Stopped{Outcome::refused, parts.error().message});
  if (const auto same = same_in_pieces(whole, *std::move(parts), scratch); !same) {
    return std::unexpected(
        Stopped{Outcome::failed, fmt::format("{}: {}", what, same.error().message)});
  }
  return {};
}

// Files of the time before bfloat16 had a type of its own hold it as uint16.
void retype(engine::NamedTensors& tensors, const std::vector<engine::Port>& ports) {
  for (const engine::Port& port : ports) {
    const auto found = tensors.find(port.name);
    if (found != tensors.end() && port.type.element == onnx::ElementType::bfloat16 &&
        found->second.type == onnx::ElementType::uint16) {
      found->second.type = onnx::ElementType::bfloat16;
    }
  }
}

// As ONNX's backend test feeds the light models: element i of n is i / n.
engine::NamedTensors rising(const std::vector<engine::Port>& ports) {
  engine::NamedTensors inputs;
  for (const engine::Port& port : ports) {
    if (!port.required) continue;
    onnx::Tensor tensor{.type = onnx::ElementType::float32};
    std::size_t count = 1;
    for (const onnx::Dimension& dim : *port.type.dims) {
      tensor.dims.push_back(dim.size.value_or(1));
      count *= static_cast<std::size_t>(tensor.dims.back());
    }
    std::vector<float> elements(count);
    for (std::size_t i = 0; i < count; ++i) {
      elements[i] = static_cast<float>(static_cast<double>(i) / static_cast<double>(count));
    }
    const auto bytes = std::as_bytes(std::span(elements));
    tensor.data.assign(bytes.begin(), bytes.end());
    inputs.emplace(port.name, engine::share(std::move(tensor)));
  }
  return inputs;
}

std::expected<engine::NamedTensors, Stopped> inputs_of(const CorpusModel& model,
                                                       const onnx::Graph& original) {
  const std::vector<engine::Port> ports = engine::inputs_of(original);
  if (model.inputs.empty()) return rising(ports);
  if (!fs::exists(model.inputs / "input_0.pb")) return engine::NamedTensors{};
  auto inputs = engine::read_inputs(model.inputs, ports);
  if (!inputs) return std::unexpected(Stopped{Outcome::not_run, inputs.error().message});
  retype(*inputs, ports);
  return *std::move(inputs);
}

// The largest magnitude; nothing where there is none.
std::optional<double> magnitude(const engine::SharedTensor& tensor) {
  engine::SharedTensor zero = tensor;
  const std::vector<std::byte> zeros(tensor.data.size());
  zero.data = zeros;
  return engine::compare(tensor, zero).max_abs;
}

// The first output that is not what came with the model.
std::string unexpected_output(const CorpusModel& model, const onnx::Graph& original,
                              const engine::NamedTensors& outputs) {
  for (std::size_t i = 0; const ValueId output : original.outputs) {
    const std::string& name = original.values[output].name;
    const auto file = onnx::read_tensor(fmt::format("{}{}.pb", model.outputs, i++),
                                        original.values[output].type.container);
    if (!file) return fmt::format("{}: {}", name, file.error().message);
    engine::SharedTensor expected = engine::share(file->tensor);
    const engine::SharedTensor& seen = outputs.at(name);
    if (expected.type == onnx::ElementType::uint16) expected.type = seen.type;
    const engine::Difference difference = engine::compare(seen, expected);
    if (difference.identical) continue;
    const double allowed = 1e-7 + 1e-3 * magnitude(expected).value_or(0);
    if (!difference.max_abs || !(*difference.max_abs <= allowed)) {
      return fmt::format("{} {}", name, engine::to_text(difference));
    }
  }
  return "";
}

std::expected<Whole, Stopped> whole_at(const CorpusModel& model, const onnx::Graph& original,
                                       onnx::OptimizationLevel level, const fs::path& scratch) {
  auto inputs = inputs_of(model, original);
  if (!inputs) return std::unexpected(inputs.error());
  auto outputs = engine::run_file(model.file, {.level = level}, *inputs);
  if (!outputs) return std::unexpected(Stopped{Outcome::not_run, outputs.error().message});
  const fs::path file = scratch / fmt::format("{}.onnx", onnx::name_of(level));
  if (const auto done = engine::optimize(model.file, level, file); !done) {
    return std::unexpected(Stopped{Outcome::failed, done.error().message});
  }
  auto read = onnx::read_model(file);
  if (!read) return std::unexpected(Stopped{Outcome::failed, read.error().message});
  auto graph = onnx::index_graph(*read);
  if (!graph) return std::unexpected(Stopped{Outcome::failed, graph.error().message});
  return Whole{*std::move(read), *std::move(graph), *std::move(inputs), *std::move(outputs)};
}

Step try_level(const CorpusModel& model, const onnx::Graph& original,
               onnx::OptimizationLevel level, std::size_t most_cuts, const fs::path& scratch,
               CorpusTrial& trial) {
  const auto whole = whole_at(model, original, level, scratch);
  if (!whole) return std::unexpected(whole.error());
  trial.unexpected = unexpected_output(model, original, whole->outputs);
  ++trial.cuts;
  const onnx::Partition one{.parts = 1,
                            .part_of = ById<NodeId, PartId>(whole->graph.nodes.size())};
  const std::string at_level = fmt::format("at level {}", onnx::name_of(level));
  if (auto same = compare(*whole, one, at_level + ", as one part", scratch); !same) return same;
  for (const ValueId place : places(whole->graph, most_cuts)) {
    ++trial.cuts;
    const std::string& name = whole->graph.values[place].name;
    const onnx::CutLine line{.values = {name}};
    const auto partition = onnx::partition_at(whole->graph, {&line, 1});
    if (!partition) {
      return std::unexpected(Stopped{Outcome::failed, partition.error().message});
    }
    auto same = compare(*whole, *partition, fmt::format("{}, cut at {}", at_level, name), scratch);
    if (!same) return same;
  }
  return {};
}

}  // namespace

std::vector<CorpusModel> corpus() {
  std::vector<CorpusModel> models;
  for (const std::string kind : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(engine::kTestData / kind, none)) {
      const fs::path file = entry.path() / "model.onnx";
      if (!fs::exists(file)) continue;
      models.push_back({.name = kind + "/" + entry.path().filename().string(),
                        .file = file,
                        .inputs = entry.path() / "test_data_set_0",
                        .outputs = entry.path() / "test_data_set_0" / "output_"});
    }
  }
  std::ranges::sort(models, {}, &CorpusModel::name);
  return models;
}

std::vector<CorpusModel> light_corpus() {
  std::vector<CorpusModel> models;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(engine::kTestData / "light", none)) {
    if (entry.path().extension() != ".onnx") continue;
    models.push_back({.name = entry.path().stem().string(),
                      .file = entry.path(),
                      .outputs = fs::path(entry.path()).replace_extension("").string() + "_output_"});
  }
  std::ranges::sort(models, {}, &CorpusModel::name);
  return models;
}

CorpusTrial try_model(const CorpusModel& model, std::size_t most_cuts, const fs::path& scratch) {
  const auto original = onnx::read_model(model.file).and_then(
      [](const onnx::Model& read) { return onnx::index_graph(read); });
  if (!original) return {.message = original.error().message};
  CorpusTrial trial{.outcome = Outcome::identical, .operators = operators_of(*original)};
  for (const auto level : {onnx::OptimizationLevel::none, onnx::OptimizationLevel::extended}) {
    const Step done = try_level(model, *original, level, most_cuts, scratch, trial);
    if (done) continue;
    trial.outcome = done.error().outcome;
    trial.message = done.error().message;
    break;
  }
  return trial;
}

}  // namespace convoy
