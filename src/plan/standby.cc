#include "plan/standby.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <map>
#include <ranges>
#include <set>
#include <utility>

#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/holdings.h"
#include "plan/least_moves.h"
#include "plan/reduced.h"

namespace convoy::plan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kDivisions = 32;  // ways to divide a lost stage between its neighbours
constexpr int kMostEvaluations = 3000;  // while a plan is changed to move less
constexpr double kSolving = 0.7;        // of the time for a loss; the rest is for moving less

bool keeps_groups(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of) {
  std::map<GroupId, DeviceId> where;
  return std::ranges::all_of(graph.nodes.ids(), [&](NodeId node) {
    const auto& group = graph.nodes[node].group;
    return !group || where.emplace(*group, device_of[node]).first->second == device_of[node];
  });
}

// Home has all weights.
Holdings held_under(const CostGraph& graph, const fleet::Fleet& fleet, const Placement& in_force,
                    std::optional<DeviceId> home) {
  Holdings held = weights_of(graph, in_force, fleet.devices.size());
  if (home) held[*home] = graph.weights.ids() | std::ranges::to<std::vector>();
  return held;
}

struct Candidate {
  Placement placement;
  Figures figures;
  Bytes moved{0};
};

// Looks for the standby plan of one loss.
class StandbySearch {
 public:
  StandbySearch(const CostGraph& graph, const fleet::Fleet& fleet, const Placement& in_force,
                const StandbyOptions& options, DeviceId lost, Seconds budget)
      : graph_(graph),
        fleet_(fleet),
        in_force_(in_force),
        options_(options),
        lost_(lost),
        budget_(budget),
        held_(held_under(graph, fleet, in_force, options.home)) {}

  Result<Candidate> run() {
    if (fleet_.devices.size() == 1) return fail(ErrorKind::infeasible, "no other device is there");
    ById<DeviceId, bool> present(fleet_.devices.size(), true);
    present[lost_] = false;
    const Reduced left = reduced(graph_, fleet_, present);
    SolveOptions solve = options_.solve;
    solve.budget = kSolving * budget_;
    solve.stop = [this] { return is_over(); };
    solve.bound = std::nullopt;  // it would be of the whole fleet
    solve.explanation = Explanation::errors;
    const auto best = solve_auto(left.problem.graph, left.problem.fleet, solve);
    if (best) offer(left.restored(best->placement));
    offer_repairs();
    if (candidates_.empty()) return std::unexpected(best.error());
    const auto shortest = std::ranges::min_element(candidates_, {}, period_of);
    limit_ = shortest->figures.period * (1 + options_.slack);
    offer_least_moves();
    std::erase_if(candidates_, [&](const Candidate& one) { return period_of(one) > limit_; });
    std::ranges::stable_sort(candidates_, {}, rank_of);  // time may not do for all
    for (Candidate& candidate : candidates_) move_less(candidate);
    return *std::ranges::min_element(candidates_, {}, rank_of);
  }

 private:
  [[nodiscard]] bool is_over() const {
    return options_.solve.stop() || Clock::now() - begun_ >= budget_;
  }
  static Seconds period_of(const Candidate& candidate) { return candidate.figures.period; }
  static std::pair<Bytes, Seconds> rank_of(const Candidate& candidate) {
    return {candidate.moved, candidate.figures.period};
  }

  // None where memory is short.
  std::optional<Candidate> evaluated(Placement placement) {
    Figures figures = evaluate(graph_, fleet_, placement);
    if (!shortages(figures, fleet_).empty()) return std::nullopt;
    Bytes moved{0};
    for (const Bytes bytes :
         missing(graph_, weights_of(graph_, placement, fleet_.devices.size()), held_)) {
      moved += bytes;
    }
    return Candidate{std::move(placement), std::move(figures), moved};
  }
  void offer(Placement placement) {
    if (auto candidate = evaluated(std::move(placement))) {
      candidates_.push_back(std::move(*candidate));
    }
  }

  // The plan in force, others taking over what the lost device does.
  void offer_repairs() {
    const ById<NodeId, DeviceId> before = devices_of(graph_, in_force_);
    for (const DeviceId other : fleet_.devices.ids()) {
      if (other == lost_) continue;
      auto device_of = before;
      std::ranges::replace(device_of, lost_, other);
      offer_assignment(device_of);
    }
    std::vector<NodeId> lost_nodes;
    for (const NodeId node : graph_.nodes.ids()) {
      if (before[node] == lost_) lost_nodes.push_back(node);
    }
    const auto neighbour = [&](auto stages) -> std::optional<DeviceId> {
      auto at = std::ranges::find(stages, lost_, &PlacedStage::device);
      for (; at != stages.end(); ++at) {
        if (at->device != lost_) return at->device;
      }
      return std::nullopt;
    };
    const auto next = neighbour(std::views::all(in_force_));
    const auto previous = neighbour(std::views::reverse(in_force_));
    if (!next || !previous || *next == *previous) return;
    for (std::size_t part = 1; part < kDivisions; ++part) {
      auto device_of = before;
      const std::size_t first = lost_nodes.size() * part / kDivisions;
      for (std::size_t i = 0; i < lost_nodes.size(); ++i) {
        device_of[lost_nodes[i]] = i < first ? *previous : *next;
      }
      offer_assignment(device_of);
    }
  }
  void offer_assignment(const ById<NodeId, DeviceId>& device_of) {
    if (keeps_groups(graph_, device_of)) offer(stages_of(graph_, device_of));
  }

  // Contiguous ones, with transfers as long as they may be on links of their own, and shorter as
  // where a device sends and receives by one radio, or all share a medium.
  void offer_least_moves() {
    if (std::ranges::any_of(graph_.nodes,
                            [](const CostNode& node) { return node.group || node.is_backward; })) {
      return;
    }
    std::vector<DeviceId> others;
    for (const PlacedStage& stage : in_force_) {
      if (stage.device != lost_ && !std::ranges::contains(others, stage.device)) {
        others.push_back(stage.device);
      }
    }
    for (const DeviceId device : fleet_.devices.ids()) {
      if (device != lost_ && !std::ranges::contains(others, device)) others.push_back(device);
    }
    for (const double part : {1.0, 0.5, 0.25}) {
      if (is_over()) return;
      auto placement = contiguous_with_least_moves(
          graph_, fleet_, others, held_, {.most_compute = limit_, .most_transfer = limit_ * part});
      if (placement) offer(std::move(*placement));
    }
  }

  // As long as any small change moves less, and is quick enough.
  void move_less(Candidate& candidate) {
    int left = kMostEvaluations;
    bool goes_on = true;
    const auto try_out = [&](Placement changed) {
      goes_on = left-- > 0 && !is_over();
      if (!goes_on) return true;
      if (!keeps_groups(graph_, devices_of(graph_, changed))) return false;
      auto other = evaluated(std::move(changed));
      if (!other || period_of(*other) > limit_ || rank_of(*other) >= rank_of(candidate))
        return false;
      candidate = std::move(*other);
      return true;
    };
    while (goes_on && any_change(Placement(candidate.placement), try_out)) {
    }
  }
  // Tries small changes out until one is taken: two devices exchanged, a node whose weights would
  // have to move put where they are already, nodes moved over the border of two stages.
  bool any_change(const Placement& placement, const std::function<bool(Placement)>& take) const {
    for (const DeviceId a : fleet_.devices.ids()) {
      for (const DeviceId b : fleet_.devices.ids()) {
        if (a >= b || a == lost_ || b == lost_) continue;
        Placement changed = placement;
        for (PlacedStage& stage : changed) {
          stage.device = stage.device == a ? b : stage.device == b ? a : stage.device;
        }
        if (changed != placement && take(std::move(changed))) return true;
      }
    }
    const ById<NodeId, DeviceId> device_of = devices_of(graph_, placement);
    for (const NodeId node : graph_.nodes.ids()) {
      if (!lacks(device_of[node], node)) continue;
      for (const DeviceId device : fleet_.devices.ids()) {
        if (device == lost_ || lacks(device, node)) continue;
        auto changed = device_of;
        changed[node] = device;
        if (take(stages_of(graph_, changed))) return true;
      }
    }
    for (std::size_t i = 0; i + 1 < placement.size(); ++i) {
      for (const auto& [from, to] : {std::pair(i, i + 1), std::pair(i + 1, i)}) {
        for (std::size_t count = 1; count <= placement[from].nodes.size(); count *= 2) {
          if (take(shifted(placement, from, to, count))) return true;
        }
      }
    }
    return false;
  }
  [[nodiscard]] bool lacks(DeviceId device, NodeId node) const {
    return std::ranges::any_of(graph_.nodes[node].weights, [&](WeightId weight) {
      return !std::ranges::binary_search(held_[device], weight);
    });
  }
  // The last nodes go to the next stage, or the first to the one before: nodes stand in topological
  // order, so no stage reads from a later one then.
  static Placement shifted(Placement placement, std::size_t from, std::size_t to,
                           std::size_t count) {
    std::vector<NodeId>& source = placement[from].nodes;
    std::vector<NodeId>& target = placement[to].nodes;
    const auto some = static_cast<std::ptrdiff_t>(count);
    const auto begin = to > from ? source.end() - some : source.begin();
    target.insert(target.end(), begin, begin + some);
    source.erase(begin, begin + some);
    std::ranges::sort(target);
    if (source.empty()) placement.erase(placement.begin() + static_cast<std::ptrdiff_t>(from));
    return placement;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Placement& in_force_;
  const StandbyOptions& options_;
  DeviceId lost_;
  Seconds budget_;
  Clock::time_point begun_ = Clock::now();
  Holdings held_;
  std::vector<Candidate> candidates_;
  Seconds limit_{0};
};

// One weight that a device could hold.
struct Item {
  WeightId weight;
  Bytes bytes{0};
  double seconds_per_byte = 0;  // spared, over all losses
};

// How fast weights come to each device after a loss.
ById<DeviceId, BytesPerSecond> inflow_without(const fleet::Fleet& fleet, DeviceId lost,
                                              std::optional<DeviceId> home) {
  ById<DeviceId, bool> present(fleet.devices.size(), true);
  present[lost] = false;
  return inflow(fleet, present, home);
}

double seconds_per_byte(BytesPerSecond rate) {
  constexpr double kSlowest = 1e3;
  constexpr double kUnlimited = 1e11;
  return 1 / (rate.value() == 0 ? kUnlimited : std::max(rate.value(), kSlowest));
}

// By device.
ById<DeviceId, std::vector<Item>> items_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                           const Holdings& held, const std::vector<Standby>& losses,
                                           std::optional<DeviceId> home) {
  ById<DeviceId, std::map<WeightId, double>> spared(fleet.devices.size());
  for (const Standby& standby : losses) {
    if (!standby.plan) continue;
    const auto rates = inflow_without(fleet, standby.lost, home);
    const Holdings needed = weights_of(graph, standby.plan->placement, fleet.devices.size());
    for (const DeviceId device : fleet.devices.ids()) {
      for (const WeightId weight : needed[device]) {
        if (std::ranges::binary_search(held[device], weight)) continue;
        spared[device][weight] += seconds_per_byte(rates[device]);
      }
    }
  }
  ById<DeviceId, std::vector<Item>> items(fleet.devices.size());
  for (const DeviceId device : fleet.devices.ids()) {
    for (const auto& [weight, seconds] : spared[device]) {
      items[device].push_back({weight, graph.weights[weight], seconds});
    }
    std::ranges::stable_sort(items[device], std::greater(), [](const Item& item) {
      return std::pair(item.seconds_per_byte, item.bytes);
    });
  }
  return items;
}

// Fills what memory the plan in force leaves, and says how long links carry weights then.
void choose_what_to_store(StandbyPlans& plans, const CostGraph& graph, const fleet::Fleet& fleet,
                          const Placement& in_force,
                          const ById<DeviceId, std::vector<Item>>& items) {
  const Figures figures = evaluate(graph, fleet, in_force);
  double moving = 0;
  double spared = 0;
  double most_spared = 0;
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes memory = fleet.devices[device].memory;
    std::int64_t room =
        std::max(std::int64_t{0},
                 (memory - std::max(figures.memory[device], graph.runtime_memory[device])).value());
    if (memory.value() == 0) room = std::numeric_limits<std::int64_t>::max();
    std::int64_t room_of_bound = room;
    StoredWeights stored{.device = device, .weights = {}, .bytes = Bytes(0)};
    for (const Item& item : items[device]) {
      const std::int64_t bytes = item.bytes.value();
      moving += item.seconds_per_byte * static_cast<double>(bytes);
      const std::int64_t part = std::min(bytes, room_of_bound);
      most_spared += item.seconds_per_byte * static_cast<double>(part);
      room_of_bound -= part;
      if (bytes > room) continue;
      room -= bytes;
      spared += item.seconds_per_byte * static_cast<double>(bytes);
      stored.weights.push_back(item.weight);
      stored.bytes += item.bytes;
    }
    std::ranges::sort(stored.weights);
    if (!stored.weights.empty()) plans.store.push_back(std::move(stored));
  }
  plans.moving = Seconds(moving);
  plans.moving_stored = Seconds(moving - spared);
  plans.moving_bound = Seconds(moving - most_spared);
}

Transfer transfer_to(const StandbyPlan& plan, const CostGraph& graph, const fleet::Fleet& fleet,
                     const Holdings& held, DeviceId lost, std::optional<DeviceId> home) {
  const ById<DeviceId, Bytes> bytes =
      missing(graph, weights_of(graph, plan.placement, fleet.devices.size()), held);
  Transfer transfer;
  for (const Bytes one : bytes) transfer.bytes += one;
  transfer.time = move_time(bytes, inflow_without(fleet, lost, home), fleet.contention);
  return transfer;
}

}  // namespace

StandbyPlans standby_plans(const CostGraph& graph, const fleet::Fleet& fleet,
                           const Placement& in_force, const StandbyOptions& options) {
  std::set<DeviceId> used;
  for (const PlacedStage& stage : in_force) used.insert(stage.device);
  const auto begun = Clock::now();
  auto left = static_cast<double>(used.size());
  StandbyPlans plans;
  for (const DeviceId lost : used) {
    // What earlier ones left of their parts is for the later ones.
    const Seconds budget = (options.solve.budget - Seconds(Clock::now() - begun)) / left--;
    auto found = StandbySearch(graph, fleet, in_force, options, lost, budget).run();
    plans.losses.push_back({lost, found.transform([](const Candidate& candidate) {
                              return StandbyPlan{.placement = candidate.placement,
                                                 .figures = candidate.figures,
                                                 .move = {},
                                                 .move_stored = {}};
                            })});
  }
  const Holdings held = held_under(graph, fleet, in_force, options.home);
  choose_what_to_store(plans, graph, fleet, in_force,
                       items_of(graph, fleet, held, plans.losses, options.home));
  Holdings stored(fleet.devices.size());
  for (const StoredWeights& one : plans.store) stored[one.device] = one.weights;
  const Holdings held_stored = united(held, stored);
  for (Standby& standby : plans.losses) {
    if (!standby.plan) continue;
    StandbyPlan& plan = *standby.plan;
    plan.move = transfer_to(plan, graph, fleet, held, standby.lost, options.home);
    plan.move_stored = transfer_to(plan, graph, fleet, held_stored, standby.lost, options.home);
  }
  return plans;
}

}  // namespace convoy::plan
