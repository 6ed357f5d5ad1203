#include "plan/replication.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "plan/assignment.h"
#include "plan/bound.h"
#include "plan/contraction.h"
#include "plan/explain.h"
#include "plan/messages.h"

namespace convoy::plan {
namespace {

constexpr int kMostTurns = 32;

class Climber {
 public:
  Climber(const CostGraph& graph, const fleet::Fleet& fleet, Incumbent& best,
          const std::function<bool()>& stop)
      : graph_(graph), fleet_(fleet), best_(best), stop_(stop) {}

  void climb(Placement placement) {
    Incumbent here(graph_, fleet_);
    if (!here.offer(std::move(placement))) return;
    while (!stop_()) {
      const Placement from = *here.placement();
      const Seconds before = here.period();
      for_each_change(from, [&](Placement changed) {
        if (!stop_()) here.offer(std::move(changed), 1e-9);
      });
      if (here.period() >= before) break;
    }
    best_.offer(*here.placement(), 1e-9);
  }

 private:
  using Visit = std::function<void(Placement)>;

  void for_each_change(const Placement& from, const Visit& visit) const {
    for (std::size_t i = 0; i < from.size(); ++i) {
      change_runners(from, i, visit);
      if (i + 1 == from.size()) break;
      Placement merged = from;
      merged[i] = stage_of(joined(from[i].nodes, from[i + 1].nodes),
                           joined(devices_of(from[i]), devices_of(from[i + 1])));
      merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      visit(std::move(merged));
      shift(from, i, visit);
    }
  }

  // A device more or less.
  void change_runners(const Placement& from, std::size_t i, const Visit& visit) const {
    const std::vector<DeviceId> devices = devices_of(from[i]);
    const auto with = [&](const std::vector<DeviceId>& others) {
      Placement changed = from;
      changed[i] = stage_of(from[i].nodes, others);
      visit(std::move(changed));
    };
    for (const DeviceId device : fleet_.devices.ids()) {
      if (!uses(from, device)) with(joined(devices, {device}));
    }
    if (devices.size() < 2) return;
    for (const DeviceId device : devices) {
      std::vector<DeviceId> rest = devices;
      std::erase(rest, device);
      with(rest);
    }
  }

  // The last nodes of a stage for the next one, or its first ones for this: 1, 2, 4, ... of them.
  void shift(const Placement& from, std::size_t i, const Visit& visit) const {
    for (const bool forward : {true, false}) {
      const std::vector<NodeId>& giver = from[forward ? i : i + 1].nodes;
      for (std::size_t count = 1; count < giver.size(); count *= 2) {
        std::vector<NodeId> given(
            forward ? giver.end() - static_cast<std::ptrdiff_t>(count) : giver.begin(),
            forward ? giver.end() : giver.begin() + static_cast<std::ptrdiff_t>(count));
        std::vector<NodeId> kept;
        std::ranges::set_difference(giver, given, std::back_inserter(kept));
        Placement changed = from;
        const std::vector<NodeId> grown = joined(from[forward ? i + 1 : i].nodes, given);
        changed[i] = stage_of(forward ? kept : grown, devices_of(from[i]));
        changed[i + 1] = stage_of(forward ? grown : kept, devices_of(from[i + 1]));
        if (goes_forward(changed)) visit(std::move(changed));
      }
    }
  }

  // Whether no stage reads from a later one.
  [[nodiscard]] bool goes_forward(const Placement& placement) const {
    const ById<NodeId, StageId> stage_of = roster_of(graph_, placement).stage_of;
    return std::ranges::all_of(graph_.values, [&](const CostValue& value) {
      return !value.producer || std::ranges::all_of(value.consumers, [&](NodeId reader) {
        return stage_of[*value.producer] <= stage_of[reader];
      });
    });
  }

  [[nodiscard]] PlacedStage stage_of(std::vector<NodeId> nodes,
                                     const std::vector<DeviceId>& devices) const {
    PlacedStage stage{.device = devices.front(), .nodes = std::move(nodes)};
    std::vector<Seconds> times;
    for (const DeviceId device : devices) times.push_back(stage_time(graph_, stage, device));
    const std::vector<int> turns = fair_turns(times);
    stage.turns = turns.front();
    for (std::size_t i = 1; i < devices.size(); ++i)
      stage.replicas.push_back({devices[i], turns[i]});
    return stage;
  }
  static std::vector<DeviceId> devices_of(const PlacedStage& stage) {
    std::vector<DeviceId> devices;
    for (const Runner& runner : runners_of(stage)) devices.push_back(runner.device);
    return devices;
  }
  // Both ascending, and disjoint.
  template <class T>
  static std::vector<T> joined(const std::vector<T>& a, const std::vector<T>& b) {
    std::vector<T> all = a;
    all.insert(all.end(), b.begin(), b.end());
    std::ranges::sort(all);
    return all;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  Incumbent& best_;
  const std::function<bool()>& stop_;
};

}  // namespace

// For each length of the cycle, turns go one by one to the device that is least busy after it.
std::vector<int> fair_turns(const std::vector<Seconds>& times) {
  std::vector<int> best(times.size(), 1);
  std::vector<int> turns = best;
  double least = INFINITY;
  const int cycles = std::max(kMostTurns, static_cast<int>(times.size()));
  for (int cycle = static_cast<int>(times.size()); cycle <= cycles; ++cycle) {
    Seconds busiest{0};
    for (std::size_t i = 0; i < times.size(); ++i) busiest = std::max(busiest, turns[i] * times[i]);
    if (busiest.count() / cycle < least * (1 - 1e-9)) {
      least = busiest.count() / cycle;
      best = turns;
    }
    std::size_t next = 0;
    for (std::size_t i = 1; i < times.size(); ++i) {
      if ((turns[i] + 1) * times[i] < (turns[next] + 1) * times[next]) next = i;
    }
    ++turns[next];
  }
  return best;
}

void replicate(const CostGraph& graph, const fleet::Fleet& fleet, Incumbent& best,
               const std::function<bool()>& stop) {
  if (!transfers_overlap(fleet)) return;
  Climber climber(graph, fleet, best, stop);
  if (best.placement() && is_contiguous(*best.placement())) climber.climb(*best.placement());
  for (const DeviceId device : fleet.devices.ids()) climber.climb(alone_on(graph, device));
}

Plan with_replicas(Plan plan, const CostGraph& graph, const fleet::Fleet& fleet,
                   const std::function<bool()>& stop) {
  const Seconds bound = divided_bound(graph, fleet);
  Incumbent best(graph, fleet);
  best.offer(plan.placement);
  if (!best.meets(bound)) replicate(graph, fleet, best, stop);
  if (*best.placement() == plan.placement) {
    plan.bound = std::min(bound.count(), *plan.bound);
    plan.proven = *gap(plan) < 1e-9;
    return plan;
  }
  Plan better = explained_plan(plan.solver, graph, fleet, *best.placement(), best.figures(), bound);
  better.contiguous_bound = plan.contiguous_bound;
  better.limits.push_back(
      fmt::format("without replicas the period is {}", to_text(plan.figures.period)));
  return better;
}

}  // namespace convoy::plan
