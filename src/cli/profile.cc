// convoy profile: what the nodes of a model cost, here or on each device of a fleet.
#include "profile/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/model_inputs.h"
#include "cli/stop_signal.h"
#include "cli/surroundings.h"
#include "emulation/fleet_profile.h"
#include "engine/named_run.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "fleet/devices_file.h"
#include "foundation/cache_folder.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/model.h"
#include "profile/measure.h"
#include "profile/roofline.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string model;
  std::string devices;
  std::string input;
  std::string output;
  std::string keys;
  std::string level = "extended";
  std::vector<std::string> dims;
  int threads = 1;
  int batch = 0;  // 0: the model's own
  bool estimate = false;
  bool json = false;
};

// What is profiled: the model as it would be cut, and inputs for it.
struct Subject {
  std::filesystem::path file;
  onnx::Graph graph;
  engine::NamedTensors named;
  std::vector<engine::SharedTensor> inputs;  // the same, in order
};

Result<Subject> prepare(const Arguments& arguments) {
  const Result<onnx::OptimizationLevel> level = onnx::parse_level(arguments.level);
  if (!level) return std::unexpected(level.error());
  const auto file = engine::optimized_model(arguments.model, *level, cache_folder());
  if (!file) return std::unexpected(file.error());
  const Result<onnx::Model> model = onnx::read_model(*file);
  if (!model) return std::unexpected(model.error());
  Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(arguments.model, graph.error());
  auto named = model_inputs(*graph, arguments.input, arguments.dims, arguments.batch);
  if (!named) return std::unexpected(named.error());
  auto inputs = engine::in_order(engine::inputs_of(*graph), *named);
  if (!inputs) return std::unexpected(inputs.error());
  return Subject{*file, *std::move(graph), *std::move(named), *std::move(inputs)};
}

Result<profile::Profile> profile_here(const Subject& subject, int threads) {
  const Result<std::string> sha256 = sha256_of(subject.file);
  if (!sha256) return std::unexpected(sha256.error());
  const profile::MeasureOptions options{.threads = threads};
  auto device = profile::measure_runs(subject.file, subject.inputs, options);
  if (!device) return std::unexpected(device.error());
  auto costs = profile::measure_nodes(subject.file, subject.inputs, options);
  if (!costs) return std::unexpected(costs.error());
  profile::scale_nodes(*device, *costs, device->run);
  device->device = "this machine";
  return profile::Profile{.model_sha256 = *sha256,
                          .runtime_version = engine::runtime_version(),
                          .values = std::move(costs->values),
                          .devices = {*std::move(device)}};
}

Result<profile::Profile> profile_of(const Arguments& arguments, const Subject& subject) {
  if (arguments.devices.empty()) return profile_here(subject, arguments.threads);
  const Result<fleet::DevicesFile> devices = fleet::read_devices(arguments.devices);
  if (!devices) return std::unexpected(devices.error());
  for (const std::string& note : devices->notes) fmt::print(stderr, "{}\n", note);
  if (arguments.estimate) {
    return profile::estimate_fleet(subject.file, subject.named, devices->fleet);
  }
  StopSignal stop;
  return emulation::fleet_profile(
      subject.file, subject.inputs, devices->fleet,
      {.surroundings = surroundings(arguments.keys), .stop = [&] { return stop.requested(); }});
}

void print(const profile::DeviceProfile& device, int items, const onnx::Graph& graph) {
  if (device.source == profile::Source::estimated) {
    fmt::print("{}: {} a run (estimated)\n", device.device, to_text(device.run));
  } else {
    fmt::print("{}: {} a run (+- {}, {} runs, {}), {} of it beside the nodes\n", device.device,
               to_text(device.run), to_text(device.spread), device.runs,
               profile::name_of(device.source), to_text(device.stage_overhead));
  }
  if (items > 1) {
    fmt::print("  a run is a micro-batch of {} items: {} an item\n", items,
               to_text(device.run / items));
  }
  std::vector<const onnx::Node*> nodes;
  for (const onnx::Node& node : graph.nodes) {
    if (device.nodes.contains(node.name)) nodes.push_back(&node);
  }
  const auto time_of = [&](const onnx::Node* node) { return device.nodes.at(node->name); };
  std::ranges::stable_sort(nodes, std::ranges::greater(), time_of);
  constexpr std::size_t kShown = 10;
  Seconds others{0};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i >= kShown) {
      others += time_of(nodes[i]);
      continue;
    }
    fmt::print("  {:>8}  {:4.1f} %  {} ({})\n", to_text(time_of(nodes[i])),
               100 * (time_of(nodes[i]) / device.run), nodes[i]->name, nodes[i]->op);
  }
  if (nodes.size() > kShown) {
    fmt::print("  {:>8}  {:4.1f} %  {} other nodes\n", to_text(others),
               100 * (others / device.run), nodes.size() - kShown);
  }
}

Result<void> profile(const Arguments& arguments) {
  if (!arguments.output.empty()) {
    const auto able = check_writable(std::filesystem::absolute(arguments.output).parent_path());
    if (!able) return able;
  }
  const Result<Subject> subject = prepare(arguments);
  if (!subject) return std::unexpected(subject.error());
  Result<profile::Profile> profile = profile_of(arguments, *subject);
  if (!profile) return std::unexpected(profile.error());
  profile->items = std::max(1, arguments.batch);
  const std::string json = profile::to_json(*profile);
  if (!arguments.output.empty()) {
    if (auto written = write_file(arguments.output, json); !written) return written;
  }
  if (arguments.json) {
    fmt::print("{}", json);
    return {};
  }
  for (const profile::DeviceProfile& device : profile->devices) {
    print(device, profile->items, subject->graph);
  }
  return {};
}

}  // namespace

void add_profile(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("profile", "Measures, or estimates, what each node of a model costs.");
  command->footer(
      "Examples:\n  convoy profile model.onnx\n"
      "  convoy profile model.onnx --devices devices.yaml -o profile.json\n"
      "  convoy profile model.onnx --devices devices.yaml --estimate --batch 8");
  command->add_option("MODEL", arguments->model, "The model (.onnx)")->required();
  auto* const devices =
      command->add_option("--devices", arguments->devices,
                          "devices.yaml: measure on each of its devices; here without it");
  command->add_option("-o,--output", arguments->output, "Write profile.json here");
  auto* const input =
      command->add_option("--input", arguments->input,
                          "Folder with input_0.pb, ... or NAME.npy; a seeded sample without it");
  command
      ->add_flag("--estimate", arguments->estimate,
                 "Measure nothing: estimate by the flops and memory_bandwidth in devices.yaml")
      ->needs(devices);
  add_batch(*command, arguments->batch, input);
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension");
  add_keys(*command, arguments->keys);
  command->add_option("--level", arguments->level,
                      "Optimise at this level first: none, basic, extended, all")
      ->capture_default_str();
  command->add_option("--threads", arguments->threads, "CPU threads, without --devices")
      ->excludes(devices)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print profile.json");
  command->callback([arguments, &action] { action = [arguments] { return profile(*arguments); }; });
}

}  // namespace convoy::cli
