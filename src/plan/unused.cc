#include "plan/unused.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

#include "plan/chain_optimum.h"
#include "plan/device_kinds.h"
#include "plan/evaluate.h"
#include "plan/explain.h"

namespace convoy::plan {
namespace {

constexpr Seconds kNever{std::numeric_limits<double>::infinity()};
constexpr std::size_t kMostSearches = 8;  // kinds of devices that are forced into a plan
constexpr std::size_t kMostNodes = 2000;  // of a graph for that

// No stage needs less, wherever it begins and ends: while its greediest node runs, that node's
// weights, what it reads and makes, and its workspace are there.
Bytes least_of_any_stage(const CostGraph& graph) {
  Bytes least{std::numeric_limits<std::int64_t>::max()};
  for (const CostNode& node : graph.nodes) {
    Bytes needed = node.workspace;
    for (const WeightId weight : node.weights) needed += graph.weights[weight];
    for (const ValueId value : node.reads) needed += graph.values[value].bytes;
    for (const ValueId value : node.writes) needed += graph.values[value].bytes;
    least = std::min(least, needed);
  }
  return least;
}

// Whether values join all nodes, so that no part of them stands alone.
bool is_connected(const CostGraph& graph) {
  std::vector<std::size_t> joined(graph.nodes.size());
  std::iota(joined.begin(), joined.end(), std::size_t{0});
  const auto root = [&](std::size_t node) {
    while (joined[node] != node) node = joined[node] = joined[joined[node]];
    return node;
  };
  std::size_t parts = graph.nodes.size();
  for (const CostValue& value : graph.values) {
    if (!value.producer) continue;
    for (const NodeId reader : value.consumers) {
      const std::size_t a = root(value.producer->index());
      const std::size_t b = root(reader.index());
      if (a == b) continue;
      joined[a] = b;
      --parts;
    }
  }
  return parts <= 1;
}

// The fewest bytes that any part of the nodes exchanges with the rest, if it is neither none nor
// all of them; none: parts may exchange nothing.
std::optional<Bytes> least_exchange(const CostGraph& graph) {
  if (!is_connected(graph)) return std::nullopt;
  std::optional<Bytes> least;
  for (const CostValue& value : graph.values) {
    if (!value.producer || value.consumers.empty()) continue;
    if (!least || value.bytes < *least) least = value.bytes;
  }
  return least;
}

class Reasons {
 public:
  Reasons(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan, Replicas replicas,
          const std::string& otherwise)
      : graph_(graph),
        fleet_(fleet),
        plan_(plan),
        has_period_(plan.objective == Objective::throughput && replicas == Replicas::none),
        otherwise_(otherwise),
        kinds_(kinds_of(graph, fleet, std::nullopt, kAnySets)),
        least_memory_(least_of_any_stage(graph)),
        least_exchange_(least_exchange(graph)),
        searches_(is_plain(graph, fleet) && graph.nodes.size() <= kMostNodes &&
                          kinds_of(graph, fleet, std::nullopt, kFewSets).left_out.empty()
                      ? kMostSearches
                      : 0) {}

  // Of one device of the kind for all.
  std::string why(DeviceId device) {
    const auto kind = std::ranges::find_if(
        kinds_.kinds, [&](const Kind& of) { return std::ranges::contains(of.devices, device); });
    std::string& known = known_[kind->devices.front()];
    if (known.empty()) known = reason(device, *kind);
    return known;
  }

 private:
  std::string reason(DeviceId device, const Kind& kind) {
    const Bytes memory = fleet_.devices[device].memory;
    const Bytes runtime = graph_.runtime_memory[device];
    if (memory.value() > 0 && memory <= runtime) {
      return fmt::format("it has {} of memory, and its worker alone needs {}", to_text(memory),
                         to_text(runtime));
    }
    if (memory.value() > 0 && memory < runtime + least_memory_) {
      return fmt::format("it has {} of memory, and any stage needs at least {}", to_text(memory),
                         at_least(runtime + least_memory_));
    }
    if (!has_period_) return otherwise_;
    const Seconds period = plan_.figures.period * (1 + 1e-9);
    if (const Seconds quickest = quickest_stage(device); quickest > period) {
      return fmt::format("its lightest stage would take {}, longer than the period of {}",
                         to_text(quickest), to_text(plan_.figures.period));
    }
    if (const auto quickest = quickest_exchange(device);
        quickest && std::min(*quickest, whole_model(device)) > period) {
      return fmt::format(
          "its fastest link takes {} for the least that any stage there would send "
          "or receive ({}), longer than the period of {}",
          to_text(*quickest), to_text(*least_exchange_), to_text(plan_.figures.period));
    }
    return searched(device, kind);
  }
  [[nodiscard]] Seconds quickest_stage(DeviceId device) const {
    return graph_.stage_overhead[device] + std::ranges::min(graph_.compute[device]);
  }
  [[nodiscard]] Seconds whole_model(DeviceId device) const {
    Seconds sum = graph_.stage_overhead[device];
    for (const Seconds time : graph_.compute[device]) sum += time;
    return sum;
  }
  [[nodiscard]] std::optional<Seconds> quickest_exchange(DeviceId device) const {
    if (!least_exchange_) return std::nullopt;
    Seconds quickest = kNever;
    for (const DeviceId other : fleet_.devices.ids()) {
      if (other == device) continue;
      for (const fleet::Link& link : {fleet_.links[device][other], fleet_.links[other][device]}) {
        quickest = std::min(quickest, transfer_time(*least_exchange_, link));
      }
    }
    return quickest;
  }

  // What the best plan reaches that uses one more of the kind than this one does.
  std::string searched(DeviceId device, const Kind& kind) {
    const Seconds period = plan_.figures.period;
    const auto not_shorter = [&] {
      const auto loads = loads_of(graph_, fleet_, plan_.placement, plan_.figures);
      return fmt::format("it would not shorten the period of {}: {} for all of it", to_text(period),
                         loads.empty() ? "nothing" : loads.front().what);
    };
    if (searches_ == 0) return plan_.proven ? not_shorter() : otherwise_;
    --searches_;
    const auto in_use = static_cast<std::size_t>(std::ranges::count_if(
        kind.devices, [&](DeviceId of) { return uses(plan_.placement, of); }));
    const auto with_it = chain_optimum(graph_, fleet_, Seconds(plan_.bound.value_or(0)), kGlance,
                                       Requirement{device, 1 + in_use});
    if (!with_it) {
      if (plan_.proven) return not_shorter();
      return with_it.error() == ChainSearch::Outcome::none
                 ? "no split in the model's order that uses it fits the memories"
                 : otherwise_;
    }
    if (with_it->period > period * (1 + 2 * kGlance.tolerance)) {
      return fmt::format(
          "the best plan that uses it, in the model's order, has a period of {} "
          "instead of {}",
          to_text(with_it->period), to_text(period));
    }
    if (with_it->period < period * (1 - 2 * kGlance.tolerance)) {
      return fmt::format("{}, although a plan with it has a period of {}", otherwise_,
                         to_text(with_it->period));
    }
    return not_shorter();
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Plan& plan_;
  bool has_period_;
  const std::string& otherwise_;
  DeviceKinds kinds_;
  Bytes least_memory_;
  std::optional<Bytes> least_exchange_;
  std::size_t searches_;                   // that are left
  std::map<DeviceId, std::string> known_;  // by the first device of the kind
};

}  // namespace

std::vector<Unused> unused_of(const fleet::Fleet& fleet, const Placement& placement,
                              const std::string& why) {
  std::vector<Unused> unused;
  for (const DeviceId device : fleet.devices.ids()) {
    if (!uses(placement, device)) unused.push_back({device, why});
  }
  return unused;
}

std::vector<Unused> unused_of(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan,
                              Replicas replicas, const std::string& otherwise) {
  std::vector<Unused> unused = unused_of(fleet, plan.placement, otherwise);
  if (unused.empty()) return unused;
  Reasons reasons(graph, fleet, plan, replicas, otherwise);
  for (Unused& one : unused) one.why = reasons.why(one.device);
  return unused;
}

}  // namespace convoy::plan
