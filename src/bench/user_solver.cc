#include "bench/user_solver.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bench/base_model.h"
#include "bench/plugin.h"
#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/objective.h"
#include "plan/problem.h"
#include "plan/unused.h"
#include "plan/verify.h"

namespace convoy::bench {
namespace {

PlanningTask task_of(const plan::CostGraph& graph, const fleet::Fleet& fleet, Seconds budget) {
  PlanningTask task{.devices = infos_of(fleet), .budget_s = budget.count()};
  const auto names_of = [&](const std::vector<ValueId>& values) {
    std::vector<std::string> names;
    for (const ValueId value : values) names.push_back(graph.values[value].name);
    return names;
  };
  for (const NodeId id : graph.nodes.ids()) {
    const plan::CostNode& node = graph.nodes[id];
    NodeInfo info{
        .name = node.name, .inputs = names_of(node.reads), .outputs = names_of(node.writes)};
    for (const WeightId weight : node.weights) info.weight_bytes += graph.weights[weight].value();
    for (const DeviceId device : graph.compute.ids()) {
      info.seconds.push_back(graph.compute[device][id].count());
    }
    task.nodes.push_back(std::move(info));
  }
  for (const plan::CostValue& value : graph.values) {
    task.value_bytes[value.name] = value.bytes.value();
  }
  for (const auto& row : fleet.links) {
    std::vector<double>& rates = task.bytes_per_second.emplace_back();
    for (const fleet::Link& link : row) rates.push_back(link.bandwidth.value());
  }
  return task;
}

// With what verify() finds wrong with it.
std::pair<plan::Placement, std::string> placement_of(const PlacementChoice& choice,
                                                     const plan::CostGraph& graph,
                                                     const fleet::Fleet& fleet) {
  plan::Placement placement;
  // What there is none of becomes the first number that there is none of: ids are shorter.
  for (const StageChoice& stage : choice) {
    plan::PlacedStage placed{.device = DeviceId(std::min(stage.device, fleet.devices.size())),
                             .nodes = {}};
    for (const std::size_t node : stage.nodes) {
      placed.nodes.emplace_back(std::min(node, graph.nodes.size()));
    }
    std::ranges::sort(placed.nodes);
    placement.push_back(std::move(placed));
  }
  const std::vector<std::string> wrong = plan::verify_placement(graph, fleet, placement);
  std::string first;
  if (!wrong.empty()) first = wrong.front();
  if (wrong.size() > 1) first += fmt::format(", and {} more", wrong.size() - 1);
  return {std::move(placement), std::move(first)};
}

Prediction prediction_of(const PlacementChoice& choice, const plan::CostGraph& graph,
                         const fleet::Fleet& fleet) {
  auto [placement, wrong] = placement_of(choice, graph, fleet);
  if (!wrong.empty()) return {.wrong = std::move(wrong)};
  const plan::Figures figures = plan::evaluate(graph, fleet, placement);
  return {.wrong = plan::describe(plan::shortages(figures, fleet), fleet),
          .period_s = figures.period.count(),
          .latency_s = figures.latency.count(),
          .energy_j = figures.energy.value()};
}

}  // namespace

std::vector<DeviceInfo> infos_of(const fleet::Fleet& fleet) {
  std::vector<DeviceInfo> infos;
  for (const DeviceId id : fleet.devices.ids()) {
    const fleet::Device& device = fleet.devices[id];
    infos.push_back({.name = device.name,
                     .type = device.type,
                     .memory_bytes = device.memory.value(),
                     .cores = device.cores,
                     .bandwidth_bytes_per_s = fleet.fastest_link(id).value()});
  }
  return infos;
}

Result<plan::Plan> solve_by(Solver& solver, const std::string& name, const plan::CostGraph& graph,
                            const fleet::Fleet& fleet, const plan::SolveOptions& options) {
  if (auto able = plan::check_solvable(graph, fleet).and_then([&] {
        return plan::check_objective(graph, fleet, options.objective);
      });
      !able) {
    return std::unexpected(able.error());
  }
  PlacementChoice choice;
  const Result<void> called = call_plugin(name, [&] {
    choice = solver.solve(task_of(graph, fleet, options.budget), [&](const PlacementChoice& tried) {
      return prediction_of(tried, graph, fleet);
    });
  });
  if (!called) return std::unexpected(called.error());
  auto [placement, wrong] = placement_of(choice, graph, fleet);
  if (!wrong.empty()) {
    return fail(ErrorKind::input, "{}: its placement does not hold: {}", name, wrong);
  }
  plan::Figures figures = plan::evaluate(graph, fleet, placement);
  if (const auto short_of = plan::shortages(figures, fleet); !short_of.empty()) {
    return fail(ErrorKind::infeasible, "{}: its placement does not fit the memories: {}", name,
                plan::describe(short_of, fleet));
  }
  plan::Plan plan = plan::explained_plan(
      name, graph, fleet, std::move(placement), std::move(figures), options.objective,
      options.objective == plan::Objective::throughput
          ? plan::period_bound(graph, fleet, options.bound).count()
          : plan::objective_bound(graph, fleet, options.objective));
  if (options.explanation == plan::Explanation::full) {
    plan.unused =
        plan::unused_of(graph, fleet, plan, plan::Replicas::none, name + " leaves it out");
  }
  return plan;
}

Result<plan::Solver> own_solver(const ModuleSource& source) {
  const std::string name = source.file.filename().string();
  return make_solver(source).transform([&](const std::shared_ptr<Solver>& solver) -> plan::Solver {
    return [solver, name](const plan::CostGraph& graph, const fleet::Fleet& fleet,
                          const plan::SolveOptions& options) {
      return solve_by(*solver, name, graph, fleet, options);
    };
  });
}

}  // namespace convoy::bench
