#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <expected>
#include <limits>

#include "plan/front_search.h"
#include "plan/bound.h"
#include "plan/chain_search.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/problem.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

using Outcome = ChainSearch::Outcome;

// How hard to look. The steps bound the time: a million takes about half a second.
struct Effort {
  double tolerance;     // of the period, as a fraction
  std::int64_t steps;
};
constexpr std::size_t kFewSets = 1024;   // of devices; more make each search slow, so fewer are made
constexpr std::int64_t kProbes = 16;  // a single search may take this part of the steps
constexpr Effort kPlanEffort{.tolerance = 1e-9, .steps = 4'000'000};
constexpr Effort kExplainEffort{.tolerance = 1e-3, .steps = 300'000};

constexpr Seconds kAnyPeriod{std::numeric_limits<double>::infinity()};

constexpr Bytes kAnyMemory{std::numeric_limits<std::int64_t>::max()};

struct Optimum {
  Placement placement;
  Seconds period{0};
  Seconds bound{0};   // no placement in this order is below; close to `period` unless steps ran out
  std::vector<DeviceId> left_out;
  std::size_t sets = 1;  // of devices that were looked at
};

// The best placement in the graph's order, none having a period below `least`; or whether nothing fits, or nothing was found in time.
std::expected<Optimum, Outcome> optimum(const CostGraph& graph, const fleet::Fleet& fleet, Seconds least,
                                        Effort effort,
                                        std::optional<Requirement> required = std::nullopt) {
  ChainSearch search(graph, fleet, required);
  std::int64_t steps = effort.steps;
  Optimum best;
  // The bound is often nearly met, and short periods are quick to look through.
  Seconds limit = least * 1.25;
  for (Outcome outcome = Outcome::none; outcome != Outcome::found; limit *= 1.5) {
    const bool is_last = !(limit > Seconds(0)) || limit > 20 * least;
    std::int64_t some = is_last ? steps : std::min(steps, effort.steps / kProbes);
    steps -= some;
    outcome = search.find(is_last ? kAnyPeriod : limit, search.devices(), some);
    steps += std::max<std::int64_t>(some, 0);
    if (outcome != Outcome::found && is_last) return std::unexpected(outcome);
  }
  best.left_out = search.left_out();
  best.sets = search.sets();
  const auto keep = [&] {
    best.placement = search.placement();
    best.period = evaluate(graph, fleet, best.placement).period;
  };
  keep();
  best.bound = search.bound(least, best.period);
  // Periods from the bound up in growing strides, as the bound is often nearly met; then halves; and
  // where little is left, just below what was found, as few plans lie between. Where a search runs out
  // of steps, the period counts as not to be had, but not as a bound.
  Seconds floor = best.bound;
  double stride = 1e-3;
  while (best.period - floor > effort.tolerance * best.period && steps > 0) {
    const Seconds middle = (floor + best.period) / 2;
    Seconds period = floor > Seconds(0) ? std::min(middle, floor * (1 + stride)) : middle;
    if (best.period - floor < 0.003 * best.period) period = best.period * (1 - effort.tolerance / 2);
    std::int64_t some = std::min(steps, effort.steps / kProbes);
    steps -= some;
    const Outcome outcome = search.find(period, search.devices(), some);
    steps += std::max<std::int64_t>(some, 0);
    if (outcome == Outcome::found) {
      keep();
      continue;
    }
    if (outcome == Outcome::none) best.bound = period;
    floor = period;
    stride *= 4;
  }
  best.bound = std::min(best.bound, best.period);
  // As few devices as will do.
  const Seconds enough = best.period * (1 + 1e-12);
  steps = std::max(steps, effort.steps / kProbes);
  while (best.placement.size() > 1 && search.sets() <= kFewSets &&
         search.find(enough, best.placement.size() - 1, steps) == Outcome::found) {
    keep();
  }
  return best;
}

// Whether anything fits with so much more memory on each device.
bool fits(const CostGraph& graph, fleet::Fleet fleet, Bytes more) {
  for (fleet::Device& device : fleet.devices) {
    if (device.memory.value() > 0) device.memory += more;
  }
  std::int64_t steps = kExplainEffort.steps;
  ChainSearch search(graph, fleet);
  return search.find(kAnyPeriod, search.devices(), steps) == Outcome::found;
}

// No split fits: what is missing, and what would do.
std::unexpected<Error> too_little_memory(const CostGraph& graph, const fleet::Fleet& fleet) {
  const Bytes model = Stretches(graph).memory_from(0, kAnyMemory).back();
  Bytes whole = kAnyMemory;  // on one device, with the smallest worker
  Bytes most{0};
  Bytes all{0};
  for (const DeviceId device : fleet.devices.ids()) {
    whole = std::min(whole, model + graph.runtime_memory[device]);
    most = std::max(most, model + graph.runtime_memory[device] - fleet.devices[device].memory);
    all += fleet.devices[device].memory;
  }
  std::int64_t low = 0;
  std::int64_t high = most.value();  // enough, as each could take the model then; to a hundredth
  while (high - low > std::max<std::int64_t>(1, high / 100)) {
    const std::int64_t middle = (low + high) / 2;
    (fits(graph, fleet, Bytes(middle)) ? high : low) = middle;
  }
  return fail(ErrorKind::infeasible,
              "the model does not fit: on one device it needs {}, the fleet has {} in all, and no "
              "split in the model's order fits its devices; {} more on each device, or one device "
              "with {}, would be enough",
              at_least(whole), to_text(all), at_least(Bytes(high)), at_least(whole));
}

// How many devices that could stand for this one have a stage.
std::size_t alike_in_use(const CostGraph& graph, const fleet::Fleet& fleet, DeviceId device,
                         const Optimum& best) {
  for (const Kind& kind : kinds_of(graph, fleet, std::nullopt, ChainSearch::kMostSets).kinds) {
    const auto of_kind = [&](DeviceId one) { return std::ranges::count(kind.devices, one) > 0; };
    if (!of_kind(device)) continue;
    return static_cast<std::size_t>(
        std::ranges::count_if(best.placement, of_kind, &PlacedStage::device));
  }
  return 0;
}

std::string why_unused(const CostGraph& graph, const fleet::Fleet& fleet, DeviceId device,
                       const Optimum& best, const std::string& bottleneck) {
  const Bytes memory = fleet.devices[device].memory;
  const Bytes runtime = graph.runtime_memory[device];
  if (memory.value() > 0 && memory <= runtime) {
    return fmt::format("it has {} of memory, and its worker alone needs {}", to_text(memory),
                       to_text(runtime));
  }
  const Stretches stretches(graph);
  Bytes smallest = kAnyMemory;
  Seconds quickest = kAnyPeriod;
  for (std::size_t node = 0; node < stretches.size(); ++node) {
    const std::vector<Bytes> needed = stretches.memory_from(node, smallest);
    if (!needed.empty()) smallest = std::min(smallest, needed.front());
    quickest = std::min(quickest, stretches.compute(device, node, node + 1));
  }
  if (memory.value() > 0 && memory < runtime + smallest) {
    return fmt::format("it has {} of memory, and with its smallest node it needs {}",
                       to_text(memory), to_text(runtime + smallest));
  }
  if (quickest > best.period) {
    return fmt::format("its lightest stage would take {}, longer than the period of {}",
                       to_text(quickest), to_text(best.period));
  }
  const auto with_it = optimum(graph, fleet, best.bound, kExplainEffort,
                               Requirement{device, 1 + alike_in_use(graph, fleet, device, best)});
  if (!with_it) {
    return with_it.error() == Outcome::none ? "no plan that uses it fits the memories"
                                            : "no plan that uses it was found in time";
  }
  if (with_it->period > best.period * (1 + 2 * kExplainEffort.tolerance)) {
    return fmt::format("the best plan that uses it has a period of {} instead of {}",
                       to_text(with_it->period), to_text(best.period));
  }
  return fmt::format("it would not shorten the period of {}: {} for all of it",
                     to_text(best.period), bottleneck);
}

std::vector<Unused> unused_of(const CostGraph& graph, const fleet::Fleet& fleet,
                              const Optimum& best, const std::string& bottleneck) {
  std::vector<Unused> unused;
  for (const DeviceId device : fleet.devices.ids()) {
    const auto uses = [&](const PlacedStage& stage) { return stage.device == device; };
    if (std::ranges::any_of(best.placement, uses)) continue;
    if (std::ranges::find(best.left_out, device) != best.left_out.end()) {
      unused.push_back({device, "the fleet has more different devices than are searched, and this "
                                "is one of the slowest"});
      continue;
    }
    unused.push_back({device, why_unused(graph, fleet, device, best, bottleneck)});
  }
  return unused;
}

// A sentence where another fleet would be faster by more than a hundredth.
void add_if_faster(std::vector<std::string>& sentences, std::string_view what,
                   const CostGraph& graph, const fleet::Fleet& fleet, Seconds period) {
  const auto other = optimum(graph, fleet, Seconds(0), kExplainEffort);
  if (!other || other->period > 0.99 * period) return;
  sentences.push_back(fmt::format("{} the period could be {}", what, to_text(other->period)));
}

// Whether each node reads what the one before it makes.
bool has_one_order(const CostGraph& graph) {
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const auto reads_last = [&](ValueId value) {
      return graph.values[value].producer == NodeId(i - 1);
    };
    if (std::ranges::none_of(graph.nodes[NodeId(i)].reads, reads_last)) return false;
  }
  return true;
}

// Whether it is a problem of convoy's own models and fleets.
bool is_plain(const CostGraph& graph, const fleet::Fleet& fleet) {
  return !fleet.multicast &&
         std::ranges::none_of(fleet.devices,
                              [](const fleet::Device& device) { return device.transfer_load > 0; }) &&
         std::ranges::none_of(graph.nodes, [](const CostNode& node) {
           return node.group.has_value() || node.is_backward;
         });
}

// What a change of the fleet would bring.
void add_prospects(std::vector<std::string>& sentences, const CostGraph& graph,
                   const fleet::Fleet& fleet, const Optimum& best) {
  fleet::Fleet roomy = fleet;
  for (fleet::Device& device : roomy.devices) device.memory = Bytes(0);
  if (roomy.devices.size() > 0) {
    add_if_faster(sentences, "without limits of memory", graph, roomy, best.period);
  }
  fleet::Fleet quick = fleet;
  for (auto& row : quick.links) {
    for (fleet::Link& link : row) link.bandwidth = BytesPerSecond(0);
  }
  add_if_faster(sentences, "with links that cost no time", graph, quick, best.period);

  // Another of the device that works most.
  const Figures figures = evaluate(graph, fleet, best.placement);
  DeviceId busiest(0);
  for (const DeviceId device : fleet.devices.ids()) {
    if (figures.busy[device] > figures.busy[busiest]) busiest = device;
  }
  CostGraph graph_of_more = graph;
  graph_of_more.compute.push_back(graph.compute[busiest]);
  graph_of_more.stage_overhead.push_back(graph.stage_overhead[busiest]);
  graph_of_more.runtime_memory.push_back(graph.runtime_memory[busiest]);
  fleet::Fleet more = fleet;
  const DeviceId added = more.devices.push_back(fleet.devices[busiest]);
  fleet::Link between;  // as fast as the busiest device's fastest link
  for (const DeviceId other : fleet.devices.ids()) {
    if (other == busiest) continue;
    between.bandwidth = std::max(between.bandwidth, fleet.links[busiest][other].bandwidth);
  }
  for (const DeviceId other : fleet.devices.ids()) {
    more.links[other].push_back(other == busiest ? between : fleet.links[other][busiest]);
  }
  more.links.push_back(fleet.links[busiest]);
  more.links[added][busiest] = between;
  more.links[added].push_back({});
  add_if_faster(sentences, fmt::format("with one more {}", fleet.devices[busiest].name),
                graph_of_more, more, best.period);
}

}  // namespace

Result<Plan> solve_chain(const CostGraph& graph, const fleet::Fleet& fleet,
                         const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (options.objective != Objective::throughput) {
    return solve_objective("chain", graph, fleet, Reach::chain, options);
  }
  if (!is_plain(graph, fleet)) {
    return fail(ErrorKind::failure,
                "groups, a backward pass, multicast, and devices that transfers keep from computing are "
                "for the solvers ideals and search");
  }
  const Seconds least = period_bound(graph, fleet, options.bound);
  const auto best = optimum(graph, fleet, least, kPlanEffort);
  if (!best && best.error() == Outcome::none) return too_little_memory(graph, fleet);
  if (!best) {
    return fail(ErrorKind::failure,
                "no split in the model's order was found in time that fits the devices' memories; "
                "there may be one");
  }

  Plan plan = explained_plan("chain", graph, fleet, best->placement,
                             evaluate(graph, fleet, best->placement), least);
  if (best->period - best->bound <= 2 * kPlanEffort.tolerance * best->period) {
    plan.limits.push_back("optimal among contiguous cuts in this order");
  } else {
    plan.limits.push_back(fmt::format(
        "the search ended early: contiguous cuts in this order may reach {}, not less",
        to_text(best->bound)));
  }
  if (best->left_out.empty() && has_one_order(graph)) plan.contiguous_bound = best->bound.count();
  if (best->sets > kFewSets) {  // what other fleets would reach takes too long to find out
    plan.unused = unused_of(fleet, plan.placement, "no plan was found that is faster with it");
    return plan;
  }
  add_prospects(plan.limits, graph, fleet, *best);
  const auto loads = loads_of(graph, fleet, plan.placement, plan.figures);
  plan.unused = unused_of(graph, fleet, *best, loads.empty() ? "nothing" : loads.front().what);
  return plan;
}

}  // namespace convoy::plan
