// convoy plan: which device runs what, and why.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/module_source.h"
#include "bench/prepared_model.h"
#include "bench/user_solver.h"
#include "cli/command.h"
#include "cli/model_inputs.h"
#include "cli/moving_fleet.h"
#include "cli/planning_problem.h"
#include "cli/stop_signal.h"
#include "cli/surroundings.h"
#include "emulation/fleet_profile.h"
#include "fleet/devices_file.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "foundation/suggest.h"
#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/marginal.h"
#include "plan/objective.h"
#include "plan/over_time_file.h"
#include "plan/picture.h"
#include "plan/plan_file.h"
#include "plan/solve.h"
#include "plan/standby_file.h"
#include "plan/verify.h"
#include "profile/roofline.h"
#include "runtime/ready_plan.h"

namespace convoy::cli {
namespace {

constexpr Seconds kMostBudget{24 * 3600};

struct Arguments {
  std::string model;
  std::string devices;
  std::string keys;
  std::string solver = "auto";
  std::string objective = "throughput";
  std::string front;
  bool replicas = false;
  std::string level = "extended";
  std::string profile;
  std::string output;
  std::string picture;
  std::string input;
  std::vector<std::string> dims;
  double budget_s = plan::SolveOptions{}.budget.count();
  std::uint64_t seed = 1;
  ProblemArguments problem;
  MovingFleetArguments moving;
  int batch = 0;  // 0: the model's own, or the profile's
  bool estimate = false;
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
  std::optional<plan::StandbyPlans> standby;
  std::string json;
};

// A file of the user's own, not the name of one of ours.
bool is_file(const std::string& solver) {
  return solver.contains('/') || std::filesystem::path(solver).has_extension();
}

Result<void> check_words(const Arguments& arguments) {
  const std::array<std::string, 6> solvers = {"auto",  "points", "memory",
                                              "chain", "ideals", "search"};
  if (!(arguments.budget_s > 0 && arguments.budget_s <= kMostBudget.count())) {
    return fail(ErrorKind::input, "--budget must be above 0 and at most {}", to_text(kMostBudget));
  }
  if (!is_file(arguments.solver) && !std::ranges::contains(solvers, arguments.solver)) {
    return fail(ErrorKind::input, "--solver: no solver is called \"{}\"{}", arguments.solver,
                suggest(arguments.solver, solvers));
  }
  if (arguments.moving.over_time &&
      (!arguments.output.empty() || !arguments.picture.empty() || arguments.moving.standby ||
       !arguments.problem.format.empty() || arguments.verify || arguments.solver != "auto")) {
    return fail(ErrorKind::input,
                "--over-time prints a schedule of auto's plans; leave out --output, --standby, "
                "--picture, --problem, --verify and --solver");
  }
  const std::array<std::string, 3> objectives = {"throughput", "latency", "energy"};
  if (!plan::parse_objective(arguments.objective)) {
    return fail(ErrorKind::input, "--objective: \"{}\" is none; there are {}{}", arguments.objective,
                fmt::join(objectives, ", "), suggest(arguments.objective, objectives));
  }
  const bool searches = arguments.solver == "auto" || arguments.solver == "search";
  if (arguments.replicas && (!searches || arguments.objective != "throughput" ||
                             !arguments.front.empty() || arguments.moving.standby ||
                             arguments.moving.over_time || !arguments.problem.format.empty())) {
    return fail(ErrorKind::input,
                "--replicas is for auto and search, for throughput, of a model; leave out --front, "
                "--standby, --over-time and --problem");
  }
  if (arguments.front.empty()) return {};
  if (arguments.front != "latency" && arguments.front != "energy") {
    return fail(ErrorKind::input,
                "--front: \"{}\" is no other objective than throughput; give latency or energy",
                arguments.front);
  }
  if (arguments.solver != "auto" || arguments.objective != "throughput" || arguments.verify ||
      !arguments.output.empty() || !arguments.picture.empty()) {
    return fail(
        ErrorKind::input,
        "--front shows many plans; leave out --solver, --objective, --verify, --picture and "
        "--output, which are for one");
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
                                          const fleet::Fleet& fleet, const std::string& keys) {
  StopSignal stop;
  return emulation::fleet_profile(model.file, model.ordered_sample(), fleet,
                                  {.surroundings = surroundings(keys),
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

Result<plan::Solver> solver_named(const std::string& name) {
  if (is_file(name)) {
    std::vector<std::string> notes;
    return bench::find_module(name, "--solver", {.text = name, .place = "--solver"}, {}, notes)
        .and_then(bench::own_solver);
  }
  if (name == "memory") return plan::solve_memory;
  if (name == "chain") return plan::solve_chain;
  if (name == "ideals") return plan::solve_ideals;
  if (name == "search") return plan::solve_search;
  return plan::solve_auto;
}

// Of the budget, where they are asked for, standby plans get two fifths; of the rest a fifth goes
// to what other fleets would bring.
constexpr double kStandbyPart = 0.4;
constexpr double kMarginalPart = 0.2;
constexpr Seconds kMostMarginal{2};

plan::SolveOptions options_of(const Arguments& arguments, const StopSignal& stop) {
  return {.objective = *plan::parse_objective(arguments.objective),
          .replicas = arguments.replicas ? plan::Replicas::allowed : plan::Replicas::none,
          .budget = Seconds(arguments.budget_s),
          .seed = arguments.seed,
          .stop = [&stop] { return stop.requested(); }};
}

Result<profile::Profile> profile_of(const Arguments& arguments, const bench::PreparedModel& model,
                                    const fleet::Fleet& fleet) {
  if (!arguments.profile.empty()) {
    Result<profile::Profile> read = read_profile(arguments.profile, model);
    if (read && arguments.batch > 0 && read->items != arguments.batch) {
      return fail(ErrorKind::input, "{}: is a profile of {} items a request, but --batch says {}",
                  arguments.profile, read->items, arguments.batch);
    }
    return read;
  }
  Result<profile::Profile> profile = arguments.estimate
                                         ? profile::estimate_fleet(model.file, model.sample, fleet)
                                         : measured_profile(model, fleet, arguments.keys);
  if (profile) profile->items = std::max(1, arguments.batch);
  return profile;
}

// Without the user's own points.
Result<plan::Plan> solve(const Arguments& arguments, const plan::CostGraph& graph,
                         const fleet::Fleet& fleet) {
  const auto solver = solver_named(arguments.solver);
  if (!solver) return std::unexpected(solver.error());
  StopSignal stop;
  plan::SolveOptions options = options_of(arguments, stop);
  if (arguments.moving.standby) options.budget *= 1 - kStandbyPart;
  const Seconds marginal = std::min(kMostMarginal, kMarginalPart * options.budget);
  options.budget -= marginal;
  auto plan = (*solver)(graph, fleet, options);
  if (!plan) return plan;
  options.budget = marginal;
  plan->marginal = plan::marginal_values(graph, fleet, *plan, *solver, options);
  return plan;
}

Result<plan::Plan> solve(const Arguments& arguments, const fleet::DevicesFile& devices,
                         const profile::PlannedGraph& graph, const Subject& subject) {
  if (arguments.solver != "points") return solve(arguments, graph.costs, devices.fleet);
  std::vector<DeviceId> who;
  for (const fleet::PartitionPoint& point : devices.points) who.push_back(point.device);
  return plan::solve_points(graph.costs, devices.fleet,
                            profile::placement_of(graph, *subject.points, who),
                            {.objective = *plan::parse_objective(arguments.objective)});
}

// Plans between the shortest period and the least of another objective.
Result<void> print_front(const Arguments& arguments, const plan::CostGraph& graph,
                         const fleet::Fleet& fleet) {
  StopSignal stop;
  const auto plans = plan::solve_front(graph, fleet, *plan::parse_objective(arguments.front),
                                       options_of(arguments, stop));
  if (!plans) return std::unexpected(plans.error());
  fmt::print("{}", arguments.json ? plan::front_to_json(*plans, graph, fleet)
                                  : plan::front_to_text(*plans, fleet));
  return {};
}

// The sub-models of a placement, with their map.
Result<void> cut(const Subject& subject, const onnx::Partition& partition,
                 const plan::Placement& placement, const fleet::Fleet& fleet,
                 const std::filesystem::path& directory) {
  return bench::split(subject.model, partition, plan::names_in_turn(placement, fleet),
                      onnx::CutMode::exact, directory)
      .transform([](const onnx::SplitMap&) {});
}

onnx::Partition partition_of(const Subject& subject, const profile::PlannedGraph& graph,
                             const plan::Placement& placement) {
  return profile::partition_of(graph, subject.model.graph.nodes.size(), placement);
}

// Where standby plans go, there is nothing else.
Result<void> check_standby(const std::filesystem::path& output) {
  const std::filesystem::path folder = output / "standby";
  if (!std::filesystem::exists(folder) || std::filesystem::exists(folder / "standby.json")) {
    return {};
  }
  return fail(ErrorKind::input, "{} is there already and holds no standby plans; leave it "
              "elsewhere, or plan into another folder", folder.string());
}

// The plans that stand by, for convoy run: one for each loss, and the whole model for each device
// that it fits on.
Result<void> write_standby(const Arguments& arguments, const fleet::Fleet& fleet,
                           const Subject& subject, const Planned& planned) {
  const std::filesystem::path folder = std::filesystem::path(arguments.output) / "standby";
  runtime::StandbyIndex index{.period = planned.plan.figures.period};
  const auto add = [&](const plan::Placement& placement, runtime::StandbyIndex::Entry entry) {
    index.plans.push_back(entry);
    return std::filesystem::exists(folder / entry.folder)
               ? Result<void>()
               : cut(subject, partition_of(subject, planned.graph, placement), placement, fleet,
                     folder / entry.folder);
  };
  for (const plan::Standby& standby : planned.standby->losses) {
    if (!standby.plan) continue;
    auto added = add(standby.plan->placement,
                     {.folder = std::to_string(standby.lost.index() + 1),
                      .period = standby.plan->figures.period,
                      .lost = fleet.devices[standby.lost].name});
    if (!added) return added;
  }
  const plan::CostGraph& costs = planned.graph.costs;
  for (const DeviceId device : fleet.devices.ids()) {
    const plan::Placement whole = plan::alone_on(costs, device);
    const plan::Figures figures = plan::evaluate(costs, fleet, whole);
    if (!plan::shortages(figures, fleet).empty() || !std::isfinite(figures.period.count())) continue;
    auto added = add(whole, {.folder = "whole",
                             .period = figures.period,
                             .alone = fleet.devices[device].name});
    if (!added) return added;
  }
  return write_file(folder / "standby.json", runtime::to_json(index));
}

// The sub-models with their map, and the plan beside them.
Result<void> write(const Arguments& arguments, const fleet::Fleet& fleet, const Subject& subject,
                   const Planned& planned) {
  const plan::Placement& placement = planned.plan.placement;
  const onnx::Partition partition =
      subject.points ? *subject.points : partition_of(subject, planned.graph, placement);
  if (auto done = cut(subject, partition, placement, fleet, arguments.output); !done) return done;
  const std::filesystem::path standby = std::filesystem::path(arguments.output) / "standby";
  std::error_code problem;
  // Those of the plan that was here before are of no use.
  if (std::filesystem::exists(standby / "standby.json")) {
    std::filesystem::remove_all(standby, problem);
    if (problem) {
      return fail(ErrorKind::failure, "{} cannot be removed: {}", standby.string(),
                  problem.message());
    }
  }
  if (planned.standby) {
    if (auto done = write_standby(arguments, fleet, subject, planned); !done) return done;
  }
  return write_file(std::filesystem::path(arguments.output) / "plan.json", planned.json);
}

// Prints the plan, with those that stand by; its plan.json.
Result<std::string> print(const Arguments& arguments, const plan::Plan& plan,
                          const plan::CostGraph& costs, const fleet::Fleet& fleet,
                          std::optional<plan::StandbyPlans>& standby) {
  StopSignal stop;
  plan::SolveOptions options = options_of(arguments, stop);
  options.budget *= kStandbyPart;
  auto planned = standby_plans(arguments.moving, costs, fleet, plan.placement, options);
  if (!planned) return std::unexpected(std::move(planned.error()));
  standby = *std::move(planned);
  std::string json = plan::to_json(plan, costs, fleet);
  std::string text = plan::to_text(plan, costs, fleet);
  if (standby) {
    json = plan::with_standby(json, *standby, plan.figures.period, costs, fleet);
    text += "\n" + plan::to_text(*standby, plan.figures.period, fleet);
  }
  fmt::print("{}", arguments.json ? json : text);
  if (!arguments.picture.empty()) {
    const bool is_page = arguments.picture.ends_with(".html");
    const auto drawn =
        write_file(arguments.picture, is_page ? plan::picture_page(costs, fleet, plan)
                                              : plan::picture_of(costs, fleet, plan));
    if (!drawn) return std::unexpected(drawn.error());
  }
  if (!arguments.verify) return json;
  const std::vector<std::string> wrong = plan::verify(costs, fleet, plan);
  if (!wrong.empty()) {
    return fail(ErrorKind::failure, "the plan does not hold: {}", fmt::join(wrong, "; "));
  }
  fmt::print(stderr, "Verified: every node once, order, memory and figures hold.\n");
  return json;
}

Result<void> print_over_time(const Arguments& arguments, const plan::CostGraph& costs,
                             const fleet::DevicesFile& devices) {
  StopSignal stop;
  const auto plans = plan_over_time(arguments.moving, costs, devices, options_of(arguments, stop));
  if (!plans) return std::unexpected(plans.error());
  fmt::print("{}", arguments.json ? plan::to_json(*plans, costs, devices.fleet)
                                  : plan::to_text(*plans, devices.fleet));
  return {};
}

Result<void> plan_problem(const Arguments& arguments) {
  if (arguments.solver == "points") {
    return fail(ErrorKind::input, "--solver points: a published problem has no partition_points");
  }
  if (!arguments.devices.empty() || !arguments.output.empty()) {
    return fail(ErrorKind::input, "--problem brings its own devices and has no model to cut; leave out "
                "--devices and --output");
  }
  const Result<plan::Problem> problem = read_problem(arguments.model, arguments.problem);
  if (!problem) return std::unexpected(problem.error());
  if (auto able = check_moving_fleet(arguments.moving, "", {.fleet = problem->fleet}); !able) {
    return able;
  }
  if (!arguments.front.empty()) return print_front(arguments, problem->graph, problem->fleet);
  const auto plan = solve(arguments, problem->graph, problem->fleet);
  if (!plan) return std::unexpected(plan.error());
  std::optional<plan::StandbyPlans> standby;
  return print(arguments, *plan, problem->graph, problem->fleet, standby)
      .transform([](const auto&) {});
}

Result<void> make_plan(const Arguments& arguments) {
  if (const Result<void> known = check_words(arguments); !known) return known;
  if (!arguments.problem.format.empty()) return plan_problem(arguments);
  if (arguments.devices.empty()) {
    return fail(ErrorKind::input, "--devices is missing: the devices.yaml to plan for");
  }
  if (!arguments.output.empty()) {
    if (auto able = check_writable(arguments.output); !able) return able;
    if (arguments.moving.standby) {
      if (auto able = check_standby(arguments.output); !able) return able;
    }
  }
  const Result<fleet::DevicesFile> devices = fleet::read_devices(arguments.devices);
  if (!devices) return std::unexpected(devices.error());
  for (const std::string& note : devices->notes) fmt::print(stderr, "{}\n", note);
  if (auto able = check_moving_fleet(arguments.moving, arguments.devices, *devices); !able) {
    return able;
  }
  const fleet::Fleet& fleet = devices->fleet;

  Result<Subject> subject = prepare(arguments, *devices);
  if (!subject) return std::unexpected(subject.error());
  if (!arguments.input.empty() || !arguments.dims.empty() || arguments.batch > 0) {
    auto inputs =
        model_inputs(subject->model.graph, arguments.input, arguments.dims, arguments.batch);
    if (!inputs) return std::unexpected(inputs.error());
    subject->model.sample = std::move(*inputs);
  }
  const Result<profile::Profile> profile = profile_of(arguments, subject->model, fleet);
  if (!profile) return std::unexpected(profile.error());
  auto graph = profile::cost_graph(subject->model.graph, *profile, fleet);
  if (!graph) return arguments.profile.empty() ? std::unexpected(graph.error())
                                               : within(arguments.profile, graph.error());
  if (!arguments.front.empty()) return print_front(arguments, graph->costs, fleet);
  if (arguments.moving.over_time) return print_over_time(arguments, graph->costs, *devices);
  auto plan = solve(arguments, *devices, *graph, *subject);
  if (!plan) return std::unexpected(plan.error());
  std::optional<plan::StandbyPlans> standby;
  auto json = print(arguments, *plan, graph->costs, fleet, standby);
  if (!json) return std::unexpected(json.error());
  if (arguments.output.empty()) return {};
  const Planned planned{
      .graph = std::move(*graph),
      .plan = std::move(*plan),
      .standby = std::move(standby),
      .json = std::move(*json)};
  return write(arguments, fleet, *subject, planned);
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("plan", "Decides which device runs which part of a model.");
  command->footer(
      "Examples:\n  convoy plan model.onnx --devices devices.yaml\n"
      "  convoy plan model.onnx --devices devices.yaml --solver memory -o pieces\n"
      "  convoy plan model.onnx --devices devices.yaml --solver ./my_solver.cc --picture plan.svg\n"
      "  convoy plan model.onnx --devices devices.yaml --objective latency\n"
      "  convoy plan model.onnx --devices devices.yaml --front energy\n"
      "  convoy plan model.onnx --devices devices.yaml --standby\n"
      "  convoy plan model.onnx --devices devices.yaml --over-time --home laptop\n"
      "  convoy plan model.onnx --devices devices.yaml --estimate --batch 8\n"
      "  convoy plan gnmt_inference.json --problem msr --budget 60\n"
      "  convoy plan gnmt.graph.txt --problem pipedream --count 8 --bandwidth \"12.5 GB/s\"");
  command->add_option("MODEL", arguments->model, "The model (.onnx), or the file of a problem")
      ->required();
  command->add_option("--devices", arguments->devices, "devices.yaml");
  command
      ->add_option("--solver", arguments->solver,
                   "auto (the best of all), ideals (exact, any order), chain (exact, the model's "
                   "order), search (annealing, a device may have several stages), memory (matches "
                   "memory shares), points (partition_points of devices.yaml), or a C++ file of "
                   "your own (docs/plugins.md)")
      ->capture_default_str();
  command->add_option("--objective", arguments->objective,
                      "throughput (results a second), latency (of one request alone), energy (joules a "
                      "request)")
      ->capture_default_str();
  command->add_flag("--replicas", arguments->replicas,
                    "Several devices may run the same stage, request by request in turn");
  command->add_option("--front", arguments->front,
                      "latency or energy: show the plans between the best throughput and the least of it");
  auto* const profile =
      command->add_option("--profile", arguments->profile,
                          "profile.json of convoy profile; without it, what is kept from an "
                          "earlier time or measured now");
  command
      ->add_flag("--estimate", arguments->estimate,
                 "Measure nothing: estimate by the flops and memory_bandwidth in devices.yaml")
      ->excludes(profile);
  add_keys(*command, arguments->keys);
  command->add_option("-o,--output", arguments->output,
                      "Folder for the sub-models, map.json and plan.json");
  command->add_option("--picture", arguments->picture,
                      "Draw one period and one request: an SVG, or a page if it ends in .html");
  command->add_option("--level", arguments->level,
                      "Optimisation before the cut: none, basic, extended, all")
      ->capture_default_str();
  auto* const input =
      command->add_option("--input", arguments->input,
                          "Measure on these inputs (a folder with input_0.pb, ... or NAME.npy)");
  add_batch(*command, arguments->batch, input);
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension");
  command
      ->add_option("--budget", arguments->budget_s,
                   "Seconds that auto and search may take; two fifths of them go to --standby, and "
                   "of the rest a fifth, two at most, to what another fleet would bring")
      ->capture_default_str();
  command->add_option("--seed", arguments->seed, "Of what auto and search try at random")
      ->capture_default_str();
  ProblemArguments& problem = arguments->problem;
  command->add_option("--problem", problem.format,
                      "MODEL is a published planning problem: msr, pipedream or pipeedge");
  command->add_option("--count", problem.count, "pipedream: how many devices");
  command->add_option("--bandwidth", problem.bandwidth, "pipedream: of each link");
  command->add_option("--types", problem.types, "pipeedge: device_types.yml");
  command->add_option("--model", problem.model, "pipeedge: the name in models.yml");
  command->add_option("--boards", problem.boards, "pipeedge: TYPE=N, so many boards of a type");
  add_moving_fleet_options(*command, arguments->moving);
  command->add_flag("--verify", arguments->verify,
                    "Check the plan by code that shares nothing with the solvers");
  command->add_flag("--json", arguments->json, "Print plan.json");
  command->callback(
      [arguments, &action] { action = [arguments] { return make_plan(*arguments); }; });
}

}  // namespace convoy::cli
