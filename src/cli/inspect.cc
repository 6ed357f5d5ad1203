// convoy inspect: what a model is, and where it can be cut.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/model_inputs.h"
#include "engine/seen_types.h"
#include "foundation/file.h"
#include "foundation/units.h"
#include "onnx/blocks.h"
#include "onnx/cut.h"
#include "onnx/drawing.h"
#include "onnx/graph.h"
#include "onnx/joined_split.h"
#include "onnx/model.h"

namespace convoy::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
  std::string model;
  std::string svg;
  std::string input;
  std::vector<std::string> dims;
  bool json = false;
};

// How often each operator occurs, most frequent first.
std::vector<std::pair<std::string, std::size_t>> operator_counts(const onnx::Graph& graph) {
  std::map<std::string, std::size_t> counts;
  for (const onnx::Node& node : graph.nodes) {
    ++counts[node.domain.empty() ? node.op : fmt::format("{}.{}", node.domain, node.op)];
  }
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::greater<>(), &std::pair<std::string, std::size_t>::second);
  return sorted;
}

std::size_t placed_nodes(const onnx::Graph& graph) {
  const ById<NodeId, bool> copied = onnx::copied_nodes(graph);
  return static_cast<std::size_t>(std::ranges::count(copied, false));
}

Bytes weight_bytes(const onnx::Graph& graph) {
  Bytes sum{0};
  for (const onnx::Weight& weight : graph.weights) sum += weight.bytes;
  return sum;
}

Json ports_json(const onnx::Graph& graph, const std::vector<ValueId>& ports) {
  Json json = Json::array();
  for (const ValueId id : ports) {
    const onnx::Value& value = graph.values[id];
    json.push_back({{"name", value.name},
                    {"type", onnx::to_text(value.type)},
                    {"required", !value.is_input || !value.weight}});
  }
  return json;
}

Json to_json(const Arguments& arguments, const onnx::Model& model, const onnx::Graph& graph) {
  Json json = {{"model", arguments.model},
               {"ir_version", model.ir_version()},
               {"producer", model.producer()},
               {"opsets", Json::object()},
               {"metadata", model.metadata()},
               {"nodes", graph.nodes.size()},
               {"placed_nodes", placed_nodes(graph)},
               {"weights", graph.weights.size()},
               {"weight_bytes", weight_bytes(graph).value()},
               {"inputs", ports_json(graph, graph.inputs)},
               {"outputs", ports_json(graph, graph.outputs)},
               {"operators", Json::object()},
               {"blocks", Json::array()},
               {"cuts", Json::array()}};
  for (const onnx::Opset& opset : model.opsets()) json["opsets"][opset.domain] = opset.version;
  for (const auto& [op, count] : operator_counts(graph)) json["operators"][op] = count;
  for (const onnx::BlockRun& run : onnx::repeated_blocks(model, graph)) {
    Json names = Json::array();
    for (const onnx::Block& block : run.blocks) names.push_back(block.name);
    json["blocks"].push_back({{"count", run.blocks.size()},
                              {"nodes_each", run.blocks.front().nodes.size()},
                              {"weight_bytes_each", run.weights.value()},
                              {"names", std::move(names)}});
  }
  const std::size_t placed = placed_nodes(graph);
  for (const onnx::SeparatingCut& cut : onnx::separating_cuts(graph)) {
    const onnx::Value& value = graph.values[cut.value];
    const std::optional<Bytes> bytes = onnx::bytes_of(value.type);
    json["cuts"].push_back({{"value", value.name},
                            {"type", onnx::to_text(value.type)},
                            {"nodes_before", cut.nodes_before},
                            {"nodes_after", placed - cut.nodes_before},
                            {"bytes", bytes ? Json(bytes->value()) : Json(nullptr)}});
  }
  return json;
}

void print_ports(std::string_view title, const onnx::Graph& graph,
                 const std::vector<ValueId>& ports) {
  for (const ValueId id : ports) {
    const onnx::Value& value = graph.values[id];
    fmt::print("{:<10} {}  {}{}\n", title, value.name, onnx::to_text(value.type),
               value.is_input && value.weight ? "  (has a default)" : "");
    title = "";
  }
}

void print_cuts(const onnx::Graph& graph, std::size_t placed) {
  const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(graph);
  if (cuts.empty()) {
    fmt::print("\nNo single value separates this model; give several to one --at.\n");
    return;
  }
  std::size_t width = 5;
  for (const onnx::SeparatingCut& cut : cuts) {
    width = std::max(width, graph.values[cut.value].name.size());
  }
  width = std::min<std::size_t>(width, 60);
  fmt::print("\n{} values separate this model:\n", cuts.size());
  fmt::print("{:>6} {:>6}  {:>8}  {:<{}}  {}\n", "before", "after", "crosses", "value", width, "type");
  for (const onnx::SeparatingCut& cut : cuts) {
    const onnx::Value& value = graph.values[cut.value];
    const std::optional<Bytes> bytes = onnx::bytes_of(value.type);
    fmt::print("{:>6} {:>6}  {:>8}  {:<{}}  {}\n", cut.nodes_before, placed - cut.nodes_before,
               bytes ? to_text(*bytes) : "?", value.name, width, onnx::to_text(value.type));
  }
}

void print(const Arguments& arguments, const onnx::Model& model, const onnx::Graph& graph) {
  const std::size_t placed = placed_nodes(graph);
  fmt::print("{:<10} {}, IR version {}{}{}\n", "model", arguments.model, model.ir_version(),
             model.producer().empty() ? "" : ", made by ", model.producer());
  std::string opsets;
  for (const onnx::Opset& opset : model.opsets()) {
    opsets += fmt::format("{}{} {}", opsets.empty() ? "" : ", ", opset.domain, opset.version);
  }
  fmt::print("{:<10} {}\n", "opsets", opsets);
  fmt::print("{:<10} {}", "nodes", graph.nodes.size());
  if (placed < graph.nodes.size()) {
    fmt::print(", {} of them constant: copied to whoever reads them", graph.nodes.size() - placed);
  }
  fmt::print("\n{:<10} {} in {} tensors\n", "weights", to_text(weight_bytes(graph)),
             graph.weights.size());
  print_ports("inputs", graph, graph.inputs);
  print_ports("outputs", graph, graph.outputs);
  std::string operators;
  for (const auto& [op, count] : operator_counts(graph)) {
    operators += fmt::format("{}{} {}", operators.empty() ? "" : ", ", op, count);
  }
  fmt::print("{:<10} {}\n", "operators", operators);
  for (std::string_view title = "repeats"; const auto& run : onnx::repeated_blocks(model, graph)) {
    fmt::print("{:<10} {}\n", std::exchange(title, ""), onnx::to_text(run));
  }
  print_cuts(graph, placed);
}

// What there is to inspect: a model, or the parts that it was split into, put together again.
struct Subject {
  onnx::Model model;
  onnx::Graph graph;
  onnx::Partition partition;
  std::vector<std::string> part_names;  // none for a model that is not split
};

Result<Subject> read_split(const std::string& directory) {
  Result<onnx::JoinedSplit> split = onnx::join_split(directory);
  if (!split) return std::unexpected(split.error());
  std::vector<std::string> names;
  for (const onnx::SubModel& part : split->map.sub_models) {
    names.push_back(part.device.empty() ? part.file : fmt::format("{} on {}", part.file, part.device));
  }
  return Subject{.model = std::move(split->model),
                 .graph = std::move(split->graph),
                 .partition = std::move(split->partition),
                 .part_names = std::move(names)};
}

Result<Subject> read_subject(const Arguments& arguments) {
  std::error_code code;
  if (std::filesystem::is_directory(arguments.model, code)) {
    if (arguments.input.empty() && arguments.dims.empty()) return read_split(arguments.model);
    return fail(ErrorKind::input, "--{}: is for a model; {} holds the parts of one",
                arguments.input.empty() ? "dim" : "input", arguments.model);
  }
  Result<onnx::Model> model = onnx::read_model(arguments.model);
  if (!model) return std::unexpected(model.error());
  Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(arguments.model, graph.error());
  if (!arguments.input.empty() || !arguments.dims.empty()) {
    const auto inputs = model_inputs(*graph, arguments.input, arguments.dims);
    if (!inputs) return std::unexpected(inputs.error());
    if (auto seen = engine::see_types(*model, *inputs, *graph); !seen) {
      return within(arguments.model, seen.error());
    }
  }
  onnx::Partition one{.parts = 1, .part_of = ById<NodeId, PartId>(graph->nodes.size())};
  return Subject{.model = *std::move(model),
                 .graph = *std::move(graph),
                 .partition = std::move(one),
                 .part_names = {}};
}

Result<void> inspect(const Arguments& arguments) {
  const Result<Subject> subject = read_subject(arguments);
  if (!subject) return std::unexpected(subject.error());
  if (!arguments.svg.empty()) {
    const std::string drawing =
        onnx::draw(subject->model, subject->graph, subject->partition, subject->part_names);
    if (auto written = write_file(arguments.svg, drawing); !written) return written;
  }
  if (arguments.json) {
    // Names may hold any bytes; what is no UTF-8 is replaced.
    fmt::print("{}\n", to_json(arguments, subject->model, subject->graph)
                           .dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    print(arguments, subject->model, subject->graph);
  }
  return {};
}

}  // namespace

void add_inspect(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("inspect", "Says what a model is, and where it can be cut.");
  command->footer(
      "Examples:\n  convoy inspect model.onnx\n"
      "  convoy inspect model.onnx --dim batch=1 --svg model.svg\n"
      "  convoy inspect pieces --svg pieces.svg");
  command->add_option("MODEL", arguments->model, "The model (.onnx), or a folder of its parts")
      ->required();
  command->add_option("--svg", arguments->svg, "Draw it, and the parts in colours, into this file");
  command->add_option("--input", arguments->input, "Run it on these inputs (a folder with input_0.pb, "
                      "... or NAME.npy), and tell the sizes seen");
  command->add_option("--dim", arguments->dims, "NAME=N: run it with this size of a symbolic dimension");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return inspect(*arguments); }; });
}

}  // namespace convoy::cli
