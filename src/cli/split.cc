// convoy split: a model into sub-models, at places that the user names.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/model_inputs.h"
#include "cli/stop_signal.h"
#include "engine/optimized_cache.h"
#include "engine/verify.h"
#include "fleet/devices_file.h"
#include "foundation/cache_folder.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "foundation/units.h"
#include "onnx/cut.h"
#include "plan/plan_file.h"

namespace convoy::cli {
namespace {

namespace fs = std::filesystem;
using onnx::OptimizationLevel;

struct Arguments {
  std::string model;
  std::vector<std::string> at;
  std::string points;
  std::string plan;
  std::string output;
  std::string mode = "exact";
  std::string level = "extended";
  std::string input;
  std::vector<std::string> dims;
  int threads = 1;
  bool no_check = false;
  bool json = false;
};

// Where the user wants the model cut: a partition of whichever graph is cut, and who gets the parts.
struct Request {
  std::function<Result<onnx::Partition>(const onnx::Graph&)> partition;
  std::vector<std::vector<std::string>> turns;  // of each part, its devices; empty: not chosen
};

// What is cut: the model itself, or what a level of optimisation made of it.
struct Source {
  onnx::Model model;
  onnx::Graph graph;
  onnx::Partition partition;
  OptimizationLevel level;
};

Result<std::pair<onnx::Model, onnx::Graph>> read_graph(const fs::path& file) {
  Result<onnx::Model> model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(file.string(), graph.error());
  return std::pair(*std::move(model), *std::move(graph));
}

// "a,b" as two names, unless the model has a value of just this name.
onnx::CutLine parse_line(const std::string& text, const onnx::Graph& graph) {
  if (graph.find(text)) return {.values = {text}};
  onnx::CutLine line;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    line.values.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return line;
}

Request request_lines(const std::vector<std::string>& at) {
  return {.partition = [at](const onnx::Graph& graph) {
            std::vector<onnx::CutLine> lines;
            for (const std::string& text : at) lines.push_back(parse_line(text, graph));
            return onnx::partition_at(graph, lines);
          },
          .turns = {}};
}

Result<Request> request_points(const std::string& file) {
  const Result<fleet::DevicesFile> devices = fleet::read_devices(file);
  if (!devices) return std::unexpected(devices.error());
  for (const std::string& note : devices->notes) fmt::print(stderr, "{}\n", note);
  if (devices->points.empty()) {
    return fail(ErrorKind::input, "{}: it has no partition_points", file);
  }
  Request request;
  std::vector<onnx::PartitionPoint> points;
  for (const fleet::PartitionPoint& point : devices->points) {
    points.push_back({.inputs = point.inputs, .outputs = point.outputs});
    request.turns.push_back({devices->fleet.devices[point.device].name});
  }
  request.partition = [file, points](const onnx::Graph& graph) -> Result<onnx::Partition> {
    Result<onnx::Partition> partition = onnx::partition_by_points(graph, points);
    if (!partition) return within(file, partition.error());
    return partition;
  };
  return request;
}

Result<Request> request_plan(const std::string& file) {
  const Result<std::vector<plan::PlannedStage>> stages =
      read_file(file).and_then([&](const std::string& text) { return plan::read_stages(text, file); });
  if (!stages) return std::unexpected(stages.error());
  Request request;
  std::vector<std::vector<std::string>> parts;
  for (const plan::PlannedStage& stage : *stages) {
    request.turns.push_back(stage.turns);
    parts.push_back(stage.nodes);
  }
  request.partition = [file, parts](const onnx::Graph& graph) -> Result<onnx::Partition> {
    Result<onnx::Partition> partition = onnx::partition_of_nodes(graph, parts);
    if (!partition) return within(file, partition.error());
    return partition;
  };
  return request;
}

Result<Request> request_of(const Arguments& arguments) {
  if (!arguments.points.empty()) return request_points(arguments.points);
  if (!arguments.plan.empty()) return request_plan(arguments.plan);
  return request_lines(arguments.at);
}

// The model optimised at the level that was asked for, or at the next lower one that still has the
// values to cut at: optimisation merges nodes, and what they handed to each other is gone.
Result<Source> optimised_source(const fs::path& model, const onnx::Graph& original,
                                const Request& request, OptimizationLevel wanted,
                                const StopSignal& stop) {
  std::optional<Error> problem;
  for (int level = static_cast<int>(wanted); level >= 0; --level) {
    const auto tried = static_cast<OptimizationLevel>(level);
    const auto file = engine::optimized_model(model, tried, cache_folder());
    if (!file) return std::unexpected(file.error());
    if (stop.requested()) return fail(ErrorKind::cancelled, "stopped");
    auto optimised = read_graph(*file);
    if (!optimised) return std::unexpected(optimised.error());
    Result<onnx::Partition> partition = request.partition(optimised->second);
    if (partition) {
      return Source{.model = std::move(optimised->first),
                    .graph = std::move(optimised->second),
                    .partition = *std::move(partition),
                    .level = tried};
    }
    // What is wrong with the original model as well is said in its words.
    if (auto plain = request.partition(original); !plain) return std::unexpected(plain.error());
    if (!problem) problem = partition.error();
  }
  return std::unexpected(*problem);
}

// In fast mode the devices optimise the pieces, so the model is cut as it is.
Result<Source> plain_source(onnx::Model model, const onnx::Graph& graph, const Request& request) {
  Result<onnx::Partition> partition = request.partition(graph);
  if (!partition) return std::unexpected(partition.error());
  return Source{.model = std::move(model),
                .graph = graph,
                .partition = *std::move(partition),
                .level = OptimizationLevel::none};
}

onnx::SplitMap new_map(const Arguments& arguments, const std::string& sha256, onnx::CutMode mode,
                       const Source& source, const Request& request) {
  onnx::SplitMap map{.model = fs::path(arguments.model).filename().string(),
                     .model_sha256 = sha256,
                     .mode = mode,
                     .level = source.level,
                     .inputs = onnx::input_names(source.graph),
                     .outputs = onnx::output_names(source.graph),
                     .sub_models = std::vector<onnx::SubModel>(source.partition.parts)};
  for (std::size_t i = 0; i < request.turns.size(); ++i) {
    onnx::assign(map.sub_models[i], request.turns[i]);
  }
  return map;
}

// What the check found, in words.
std::string to_text(const std::optional<engine::Difference>& checked) {
  if (!checked) return "not checked (--no-check)";
  return "checked on a sample against the whole model: " + engine::to_text(*checked);
}

void print(const Arguments& arguments, const onnx::SplitMap& map,
           const std::optional<engine::Difference>& checked) {
  const auto size_of = [&](const std::string& file) {
    std::error_code code;
    const std::uintmax_t size = fs::file_size(fs::path(arguments.output) / file, code);
    return Bytes(code ? 0 : static_cast<std::int64_t>(size));
  };
  nlohmann::ordered_json json = {{"directory", arguments.output},
                                 {"mode", onnx::name_of(map.mode)},
                                 {"level", onnx::name_of(map.level)},
                                 {"sub_models", nlohmann::ordered_json::array()}};
  for (const onnx::SubModel& part : map.sub_models) {
    Bytes bytes = size_of(part.file);
    if (!part.data_file.empty()) bytes += size_of(part.data_file);
    json["sub_models"].push_back({{"file", part.file},
                                  {"device", part.device},
                                  {"inputs", part.inputs},
                                  {"outputs", part.outputs},
                                  {"bytes", bytes.value()}});
    if (arguments.json) continue;
    fmt::print("{}  {}{}{}  {} -> {}\n", part.file, convoy::to_text(bytes),
               part.device.empty() ? "" : "  on ", part.device, fmt::join(part.inputs, ", "),
               fmt::join(part.outputs, ", "));
  }
  if (!arguments.json) {
    fmt::print("{}\n", to_text(checked));
    return;
  }
  json["checked"] = checked.has_value();
  if (checked) {
    json["identical"] = checked->identical;
    json["max_abs_diff"] = checked->max_abs && std::isfinite(*checked->max_abs)
                               ? nlohmann::ordered_json(*checked->max_abs)
                               : nlohmann::ordered_json(nullptr);
  }
  fmt::print("{}\n", json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

Result<void> split(const Arguments& arguments) {
  const Result<onnx::CutMode> mode = onnx::parse_mode(arguments.mode);
  if (!mode) return within("--mode", mode.error());
  const Result<OptimizationLevel> level = onnx::parse_level(arguments.level);
  if (!level) return within("--level", level.error());
  const StopSignal stop;
  std::error_code code;
  const fs::path folder = fs::path(arguments.model).parent_path();
  if (fs::equivalent(arguments.output, folder.empty() ? "." : folder, code)) {
    return fail(ErrorKind::input, "--output: {} is where the model itself is; choose another folder",
                arguments.output);
  }
  if (auto able = check_writable(arguments.output); !able) return able;
  const Result<Request> request = request_of(arguments);
  if (!request) return std::unexpected(request.error());
  auto model_sum = std::async(std::launch::async, [&] { return sha256_of(arguments.model); });
  auto read = read_graph(arguments.model);
  if (!read) return std::unexpected(read.error());
  const onnx::Graph original = std::move(read->second);
  std::optional<onnx::Model> model = std::move(read->first);
  // An exact cut is made of another model; this one need not stay in memory.
  if (*mode == onnx::CutMode::exact) model.reset();
  Result<Source> source =
      model ? plain_source(*std::move(model), original, *request)
            : optimised_source(arguments.model, original, *request, *level, stop);
  if (!source) return std::unexpected(source.error());
  if (*mode == onnx::CutMode::exact && source->level != *level) {
    fmt::print(stderr, "Optimised at level {} instead of {}, which leaves no such place to cut.\n",
               onnx::name_of(source->level), onnx::name_of(*level));
  }
  const Result<std::string> sha256 = model_sum.get();
  if (!sha256) return std::unexpected(sha256.error());
  Result<onnx::SplitMap> map = new_map(arguments, *sha256, *mode, *source, *request);
  Result<std::vector<onnx::Model>> parts =
      onnx::cut(std::move(source->model), source->graph, source->partition);
  if (!parts) return within(arguments.model, parts.error());

  std::optional<engine::Difference> checked;
  const auto check = [&](const fs::path& directory) -> Result<void> {
    if (stop.requested()) return fail(ErrorKind::cancelled, "stopped");
    if (arguments.no_check) return {};
    const auto inputs = model_inputs(original, arguments.input, arguments.dims);
    if (!inputs) {
      return fail(inputs.error().kind, "no sample to check the pieces on: {} (--no-check leaves the "
                  "check out)", inputs.error().message);
    }
    const auto verified = engine::verify(arguments.model, directory, *inputs, arguments.threads);
    if (!verified) return std::unexpected(verified.error());
    if (stop.requested()) return fail(ErrorKind::cancelled, "stopped");
    checked = verified->largest;
    if (*mode == onnx::CutMode::fast || checked->identical) return {};
    return fail(ErrorKind::failure, "the pieces do not give the answers of {}; nothing was written",
                arguments.model);
  };
  map = onnx::write_split(arguments.output, *std::move(parts), *std::move(map), check);
  if (!map) return std::unexpected(map.error());
  print(arguments, *map, checked);
  return {};
}

}  // namespace

void add_split(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("split", "Cuts a model into sub-models.");
  command->footer(
      "Examples:\n  convoy split model.onnx --at features -o pieces\n"
      "  convoy split model.onnx --at left,right --at features -o pieces\n"
      "  convoy split model.onnx --points devices.yaml -o pieces");
  command->add_option("MODEL", arguments->model, "The model (.onnx)")->required();
  auto* const where = command->add_option_group("where", "Where to cut");
  where->add_option("--at", arguments->at,
                    "Values that one part hands to the next; once for each cut")
      ->allow_extra_args(false);
  where->add_option("--points", arguments->points, "devices.yaml with partition_points");
  where->add_option("--plan", arguments->plan, "plan.json");
  where->require_option(1);
  command->add_option("-o,--output", arguments->output, "Folder for the sub-models")->required();
  command->add_option("--mode", arguments->mode, "exact: same bits as the whole; fast: each device "
                      "optimises its piece")->capture_default_str();
  command->add_option("--level", arguments->level, "Optimisation before an exact cut: none, basic, "
                      "extended, all")->capture_default_str();
  auto* const no_check = command->add_flag("--no-check", arguments->no_check,
                                           "Do not run the pieces against the whole");
  command->add_option("--input", arguments->input,
                      "Check on these inputs (a folder with input_0.pb, ... or NAME.npy)")
      ->excludes(no_check);
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension")
      ->excludes(no_check);
  command->add_option("--threads", arguments->threads, "CPU threads of the check")
      ->excludes(no_check)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return split(*arguments); }; });
}

}  // namespace convoy::cli
