#include "plan/objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "plan/bound.h"

namespace convoy::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kObjectives = {Objective::throughput, Objective::latency, Objective::energy};

// The least over all devices of `cost(device)`.
template <class F>
double least_over(const fleet::Fleet& fleet, const F& cost) {
  double least = kInfinity;
  for (const DeviceId device : fleet.devices.ids()) least = std::min(least, cost(device));
  return least;
}

double longest_path(const CostGraph& graph, const fleet::Fleet& fleet) {
  ById<NodeId, double> ends(graph.nodes.size(), 0);
  double longest = 0;
  for (const NodeId node : graph.nodes.ids()) {
    double start = 0;
    for (const ValueId value : graph.nodes[node].reads) {
      if (const auto producer = graph.values[value].producer)
        start = std::max(start, ends[*producer]);
    }
    ends[node] = start + least_over(fleet, [&](DeviceId device) {
                   return graph.compute[device][node].count();
                 });
    longest = std::max(longest, ends[node]);
  }
  return longest +
         least_over(fleet, [&](DeviceId device) { return graph.stage_overhead[device].count(); });
}

double least_energy(const CostGraph& graph, const fleet::Fleet& fleet) {
  const auto joules = [&](DeviceId device, Seconds time) {
    const auto& power = fleet.devices[device].power;
    return power ? (power->busy * time).value() : 0;
  };
  double sum = least_over(
      fleet, [&](DeviceId device) { return joules(device, graph.stage_overhead[device]); });
  for (const NodeId node : graph.nodes.ids()) {
    sum += least_over(fleet,
                      [&](DeviceId device) { return joules(device, graph.compute[device][node]); });
  }
  return sum;
}

}  // namespace

std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::throughput:
      return "throughput";
    case Objective::latency:
      return "latency";
    case Objective::energy:
      return "energy";
  }
  return "";
}

std::optional<Objective> parse_objective(std::string_view text) {
  const auto at = std::ranges::find(kObjectives, text, name_of);
  return at == kObjectives.end() ? std::nullopt : std::optional(*at);
}

double value_of(const Figures& figures, Objective objective) {
  switch (objective) {
    case Objective::throughput:
      return figures.period.count();
    case Objective::latency:
      return figures.latency.count();
    case Objective::energy:
      return figures.energy.value();
  }
  return 0;
}

std::string text_of(double value, Objective objective) {
  return objective == Objective::energy ? convoy::to_text(Joules(value))
                                        : convoy::to_text(Seconds(value));
}

double objective_bound(const CostGraph& graph, const fleet::Fleet& fleet, Objective objective) {
  if (graph.nodes.empty() || fleet.devices.empty()) return 0;
  switch (objective) {
    case Objective::throughput:
      return period_bound(graph, fleet).count();
    case Objective::latency:
      return longest_path(graph, fleet);
    case Objective::energy:
      return least_energy(graph, fleet);
  }
  return 0;
}

Result<void> check_objective(const CostGraph& graph, const fleet::Fleet& fleet,
                             Objective objective) {
  if (objective == Objective::latency && std::ranges::any_of(graph.nodes, &CostNode::is_backward)) {
    return fail(ErrorKind::input,
                "the latency of a training graph is not defined; plan for throughput");
  }
  if (objective == Objective::energy) {
    for (const fleet::Device& device : fleet.devices) {
      if (device.power) continue;
      return fail(ErrorKind::input,
                  "to plan for energy, each device needs its power ({{idle: 0.4 W, busy: 4 W}}); "
                  "\"{}\" has none",
                  device.name);
    }
  }
  return {};
}

}  // namespace convoy::plan
