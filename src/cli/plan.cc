// convoy plan: which device runs what, and why.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/prepared_model.h"
#include "cli/command.h"
#include "cli/model_inputs.h"
#include "cli/stop_signal.h"
#include "cli/this_program.h"
#include "emulation/fleet_profile.h"
#include "fleet/devices_file.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "foundation/suggest.h"
#include "plan/plan_file.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string model;
  std::string devices;
  std::string solver = "auto";
  std::string objective = "throughput";
  std::string level = "extended";
  std::string profile;
  std::string output;
  std::string input;
  std::vector<std::string> dims;
  bool verify = false;
  bool json = false;
};

// The model as it is planned; where the user's points divide it, how.
struct Subject {
  bench::PreparedModel model;
  std::optional<onnx::Partition> points;
};

struct Planned {
  profile::PlannedGraph graph;
  plan::Plan plan;
};

Result<void> check_words(const Arguments& arguments) {
  const std::array<std::string, 4> solvers = {"auto", "points", "memory", "chain"};
  if (arguments.solver == "ideals" || arguments.solver == "search") {
    return fail(ErrorKind::input, "--solver {}: not there yet; there are {}", arguments.solver,
                fmt::join(solvers, ", "));
  }
  if (std::ranges::find(solvers, arguments.solver) == solvers.end()) {
    return fail(ErrorKind::input, "--solver: no solver is called \"{}\"{}", arguments.solver,
                suggest(arguments.solver, solvers));
  }
  if (arguments.objective == "latency" || arguments.objective == "energy") {
    return fail(ErrorKind::input,
                "--objective {}: plans are only made for throughput yet; they say their latency "
                "and energy",
                arguments.objective);
  }
  if (arguments.objective != "throughput") {
    return fail(ErrorKind::input, "--objective: \"{}\" is none; there is throughput",
                arguments.objective);
  }
  return {};
}

Result<Subject> prepare(const Arguments& arguments, const fleet::DevicesFile& devices) {
  const auto level = onnx::parse_level(arguments.level);
  if (!level) return within("--level", level.error());
  if (arguments.solver != "points") {
    return bench::prepare(arguments.model, *level).transform([](bench::PreparedModel model) {
      return Subject{.model = std::move(model), .points = std::nullopt};
    });
  }
  if (devices.points.empty()) {
    return fail(ErrorKind::input, "{}: it has no partition_points, which --solver points needs",
                arguments.devices);
  }
  auto divided = bench::prepare_points(arguments.model, *level, devices.points);
  if (!divided) return within(arguments.devices, divided.error());
  if (divided->model.level != *level) {
    fmt::print(stderr, "Optimised at level {} instead of {}, which leaves no such place to cut.\n",
               onnx::name_of(divided->model.level), onnx::name_of(*level));
  }
  return Subject{.model = std::move(divided->model), .points = std::move(divided->partition)};
}

// Measured on each device, or known from an earlier time.
Result<profile::Profile> measured_profile(const bench::PreparedModel& model,
                                          const fleet::Fleet& fleet) {
  StopSignal stop;
  return emulation::fleet_profile(model.file, model.ordered_sample(), fleet,
                                  {.program = this_program(),
                                   .reuse = emulation::Reuse::kept,
                                   .stop = [&] { return stop.requested(); }});
}

// What convoy profile wrote.
Result<profile::Profile> read_profile(const std::string& file, const bench::PreparedModel& model) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  Result<profile::Profile> profile = profile::parse_profile(*text, file);
  if (!profile) return profile;
  const Result<std::string> sha256 = sha256_of(model.file);
  if (!sha256) return std::unexpected(sha256.error());
  if (profile->model_sha256 == *sha256) return profile;
  return fail(ErrorKind::input,
              "{}: is the profile of another model than {} at level {}; convoy profile makes one",
              file, model.original.string(), onnx::name_of(model.level));
}

Result<plan::Plan> solve(const Arguments& arguments, const fleet::DevicesFile& devices,
                         const profile::PlannedGraph& graph, const Subject& subject) {
  if (arguments.solver == "memory") return plan::solve_memory(graph.costs, devices.fleet);
  if (arguments.solver == "chain") return plan::solve_chain(graph.costs, devices.fleet);
  if (arguments.solver == "auto") return plan::solve_auto(graph.costs, devices.fleet);
  std::vector<DeviceId> who;
  for (const fleet::PartitionPoint& point : devices.points) who.push_back(point.device);
  return plan::solve_points(graph.costs, devices.fleet,
                            profile::placement_of(graph, *subject.points, who));
}

// The sub-models with their map, and the plan beside them.
Result<void> write(const Arguments& arguments, const fleet::Fleet& fleet, const Subject& subject,
                   const Planned& planned) {
  std::vector<std::string> devices;
  for (const plan::PlacedStage& stage : planned.plan.placement) {
    devices.push_back(fleet.devices[stage.device].name);
  }
  const onnx::Partition partition =
      subject.points ? *subject.points
                     : profile::partition_of(planned.graph, subject.model.graph.nodes.size(),
                                             planned.plan.placement);
  const auto map = bench::split(subject.model, partition, devices, onnx::CutMode::exact,
                                arguments.output);
  if (!map) return std::unexpected(map.error());
  return write_file(std::filesystem::path(arguments.output) / "plan.json",
                    plan::to_json(planned.plan, planned.graph.costs, fleet));
}

Result<void> make_plan(const Arguments& arguments) {
  if (const Result<void> known = check_words(arguments); !known) return known;
  if (!arguments.output.empty()) {
    if (auto able = check_writable(arguments.output); !able) return able;
  }
  const Result<fleet::DevicesFile> devices = fleet::read_devices(arguments.devices);
  if (!devices) return std::unexpected(devices.error());
  for (const std::string& note : devices->notes) fmt::print(stderr, "{}\n", note);
  const fleet::Fleet& fleet = devices->fleet;

  Result<Subject> subject = prepare(arguments, *devices);
  if (!subject) return std::unexpected(subject.error());
  if (!arguments.input.empty() || !arguments.dims.empty()) {
    auto inputs = model_inputs(subject->model.graph, arguments.input, arguments.dims);
    if (!inputs) return std::unexpected(inputs.error());
    subject->model.sample = std::move(*inputs);
  }
  const Result<profile::Profile> profile = arguments.profile.empty()
                                               ? measured_profile(subject->model, fleet)
                                               : read_profile(arguments.profile, subject->model);
  if (!profile) return std::unexpected(profile.error());
  auto graph = profile::cost_graph(subject->model.graph, *profile, fleet);
  if (!graph) return arguments.profile.empty() ? std::unexpected(graph.error())
                                               : within(arguments.profile, graph.error());
  auto plan = solve(arguments, *devices, *graph, *subject);
  if (!plan) return std::unexpected(plan.error());
  const Planned planned{.graph = std::move(*graph), .plan = std::move(*plan)};

  const plan::CostGraph& costs = planned.graph.costs;
  fmt::print("{}", arguments.json ? plan::to_json(planned.plan, costs, fleet)
                                  : plan::to_text(planned.plan, costs, fleet));
  if (arguments.verify) {
    const std::vector<std::string> wrong = plan::verify(costs, fleet, planned.plan);
    if (!wrong.empty()) {
      return fail(ErrorKind::failure, "the plan does not hold: {}", fmt::join(wrong, "; "));
    }
    fmt::print(stderr, "Verified: every node once, order, memory and figures hold.\n");
  }
  if (arguments.output.empty()) return {};
  return write(arguments, fleet, *subject, planned);
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("plan", "Decides which device runs which part of a model.");
  command->footer(
      "Examples:\n  convoy plan model.onnx --devices devices.yaml\n"
      "  convoy plan model.onnx --devices devices.yaml --solver memory -o pieces");
  command->add_option("MODEL", arguments->model, "The model (.onnx)")->required();
  command->add_option("--devices", arguments->devices, "devices.yaml")->required();
  command->add_option("--solver", arguments->solver,
                      "auto, chain (exact over the model's order), memory (matches memory shares), "
                      "points (partition_points of devices.yaml)")
      ->capture_default_str();
  command->add_option("--objective", arguments->objective, "throughput")->capture_default_str();
  command->add_option("--profile", arguments->profile,
                      "profile.json of convoy profile; without it, what is kept from an "
                      "earlier time or measured now");
  command->add_option("-o,--output", arguments->output,
                      "Folder for the sub-models, map.json and plan.json");
  command->add_option("--level", arguments->level,
                      "Optimisation before the cut: none, basic, extended, all")
      ->capture_default_str();
  command->add_option("--input", arguments->input,
                      "Measure on these inputs (a folder with input_0.pb, ... or NAME.npy)");
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension");
  command->add_flag("--verify", arguments->verify,
                    "Check the plan by code that shares nothing with the solvers");
  command->add_flag("--json", arguments->json, "Print plan.json");
  command->callback(
      [arguments, &action] { action = [arguments] { return make_plan(*arguments); }; });
}

}  // namespace convoy::cli
