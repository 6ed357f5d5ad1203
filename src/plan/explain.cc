#include "plan/explain.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <ranges>
#include <set>

#include "plan/messages.h"
#include "plan/objective.h"
#include "plan/one_request.h"

namespace convoy::plan {
namespace {

std::string percent_of(Seconds part, Seconds whole) {
  return fmt::format("{:.0f} %", 100 * (part / whole));
}

// Who uses how much energy for what.
std::vector<std::string> spending(const fleet::Fleet& fleet, const Placement& placement,
                                  const Figures& figures) {
  std::vector<std::string> sentences;
  for (const DeviceId device : fleet.devices.ids()) {
    const auto& power = fleet.devices[device].power;
    if (!power || !uses(placement, device)) continue;
    const Seconds busy = figures.busy[device];
    sentences.push_back(fmt::format("{} spends {} on computing and {} on waiting for the others",
                                    fleet.devices[device].name, to_text(power->busy * busy),
                                    to_text(power->idle * (figures.period - busy))));
  }
  return sentences;
}

// What the latency is made of, unless it is one step.
std::vector<std::string> way_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                const Placement& placement, const Figures& figures) {
  constexpr std::size_t kMost = 9;
  Seconds computing{0};
  std::vector<std::pair<Seconds, std::string>> steps;
  for (const Step& step : critical_path(one_request(graph, fleet, placement, figures.stages))) {
    const Seconds time = step.end - step.start;
    if (!step.to) computing += time;
    steps.emplace_back(time, fmt::format("{} {}",
                                         step.to ? "to " + fleet.devices[*step.to].name
                                                 : fleet.devices[step.device].name,
                                         to_text(time)));
  }
  if (steps.size() <= 1) return {};
  const bool are_many = steps.size() > kMost;
  if (are_many) {
    std::ranges::stable_sort(steps, std::greater(), &std::pair<Seconds, std::string>::first);
    steps.resize(kMost);
  }
  return {fmt::format("the latency of {} is {} of computing and {} of transfers: {}{}",
                      to_text(figures.latency), to_text(computing),
                      to_text(figures.latency - computing), are_many ? "longest are " : "",
                      fmt::join(steps | std::views::values, ", "))};
}

}  // namespace

std::map<std::pair<DeviceId, DeviceId>, Flow> traffic_of(const CostGraph& graph,
                                                         const Placement& placement) {
  const auto [stage_of, runners] = roster_of(graph, placement);
  std::map<std::pair<DeviceId, DeviceId>, Flow> traffic;
  for (const CostValue& value : graph.values) {
    if (!value.producer) continue;
    const StageId sender = stage_of[*value.producer];
    std::map<DeviceId, double> receivers;
    for (const NodeId reader : value.consumers) {
      if (stage_of[reader] == sender) continue;
      for (const auto& [device, part] : runners[stage_of[reader].index()]) receivers[device] = part;
    }
    const auto bytes = static_cast<double>(value.bytes.value());
    for (const auto& [from, sends] : runners[sender.index()]) {
      for (const auto& [to, receives] : receivers) {
        if (to == from) continue;
        Flow& flow = traffic[{from, to}];
        flow.bytes += sends * receives * bytes;
        flow.most_bytes += std::min(sends, receives) * bytes;
      }
    }
  }
  return traffic;
}

std::vector<Load> loads_of(const CostGraph& graph, const fleet::Fleet& fleet,
                           const Placement& placement, const Figures& figures) {
  std::vector<Load> loads;
  for (const DeviceId device : fleet.devices.ids()) {
    if (figures.busy[device] > Seconds(0)) {
      const bool transfers = fleet.devices[device].transfer_load > 0;
      loads.push_back({fleet.devices[device].name + (transfers ? " computes and transfers" : " computes"),
                       figures.busy[device]});
    }
  }
  ById<DeviceId, Load> radios(fleet.devices.size());
  Load medium;
  double on_medium = 0;
  const auto whole = [](double bytes) { return Bytes(std::llround(bytes)); };
  for (const auto& [pair, flow] : traffic_of(graph, placement)) {
    const auto& [from, to] = pair;
    const fleet::Link& link = fleet.links[from][to];
    if (link.bandwidth.value() <= 0) continue;
    const Seconds time(flow.bytes / link.bandwidth.value());
    if (fleet.contention == fleet::Contention::link) {
      loads.push_back({fmt::format("the link {} -> {} carries {}", fleet.devices[from].name,
                                   fleet.devices[to].name, to_text(whole(flow.most_bytes))),
                       Seconds(flow.most_bytes / link.bandwidth.value())});
    }
    for (const DeviceId end : {from, to}) {
      radios[end].what =
          fmt::format("the radio of {} sends and receives", fleet.devices[end].name);
      radios[end].time += time;
    }
    on_medium += flow.bytes;
    medium.time += time;
  }
  if (fleet.contention == fleet::Contention::radio) {
    for (const Load& radio : radios) {
      if (radio.time > Seconds(0)) loads.push_back(radio);
    }
  }
  if (fleet.contention == fleet::Contention::medium && medium.time > Seconds(0)) {
    medium.what = fmt::format("the shared medium carries {}", to_text(whole(on_medium)));
    loads.push_back(medium);
  }
  std::ranges::stable_sort(loads, std::greater(), &Load::time);
  return loads;
}

std::vector<std::string> explain(const CostGraph& graph, const fleet::Fleet& fleet,
                                 const Placement& placement, const Figures& figures) {
  std::vector<std::string> sentences;
  const std::vector<Load> loads = loads_of(graph, fleet, placement, figures);
  if (!loads.empty() && figures.period > Seconds(0)) {
    const Load& first = loads.front();
    sentences.push_back(fmt::format("the bottleneck: {} for the whole period of {}", first.what,
                                    to_text(figures.period)));
    if (loads.size() > 1) {
      sentences.push_back(fmt::format("next: {} for {} ({} of the period)", loads[1].what,
                                      to_text(loads[1].time),
                                      percent_of(loads[1].time, figures.period)));
    }
  }
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes memory = fleet.devices[device].memory;
    if (memory.value() == 0 || figures.memory[device] / memory < 0.9) continue;
    sentences.push_back(fmt::format("{} needs {} of its {} of memory", fleet.devices[device].name,
                                    to_text(figures.memory[device]), to_text(memory)));
  }
  return sentences;
}

Plan explained_plan(std::string solver, const CostGraph& graph, const fleet::Fleet& fleet,
                    Placement placement, Figures figures, Objective objective, double bound) {
  Plan plan;
  plan.solver = std::move(solver);
  plan.objective = objective;
  plan.placement = std::move(placement);
  plan.figures = std::move(figures);
  plan.bound = std::min(bound, value_of(plan.figures, objective));
  plan.proven = *gap(plan) < 1e-9;
  if (objective == Objective::latency) {
    plan.limits = way_of(graph, fleet, plan.placement, plan.figures);
  }
  if (objective == Objective::energy) plan.limits = spending(fleet, plan.placement, plan.figures);
  std::ranges::move(explain(graph, fleet, plan.placement, plan.figures),
                    std::back_inserter(plan.limits));
  return plan;
}

Plan explained_plan(std::string solver, const CostGraph& graph, const fleet::Fleet& fleet,
                    Placement placement, Figures figures, Seconds bound) {
  return explained_plan(std::move(solver), graph, fleet, std::move(placement), std::move(figures),
                        Objective::throughput, bound.count());
}

std::string describe(const std::vector<Shortage>& shortages, const fleet::Fleet& fleet) {
  std::vector<std::string> sentences;
  for (const Shortage& shortage : shortages) {
    sentences.push_back(fmt::format("{} needs {} and has {}, {} too little",
                                    fleet.devices[shortage.device].name, at_least(shortage.needed),
                                    to_text(shortage.available),
                                    at_least(shortage.needed - shortage.available)));
  }
  return fmt::format("{}", fmt::join(sentences, "; "));
}

Bytes rounded_up(Bytes bytes) {
  std::int64_t step = 1;
  while (bytes.value() / step >= 1000) step *= 10;
  return Bytes((bytes.value() + step - 1) / step * step);
}

std::string at_least(Bytes bytes) { return to_text(rounded_up(bytes)); }

}  // namespace convoy::plan
