#include <algorithm>
#include <optional>
#include <utility>

#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/problem.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/stretches.h"

namespace convoy::plan {
namespace {

// Besides an even fill of all memories, fuller ones are tried until the last device can take what
// is left.
constexpr int kFills = 20;

// What a node adds to the model's memory: weights nobody before it reads, and what it makes.
std::vector<Bytes> demands_of(const CostGraph& graph) {
  std::vector<Bytes> demands;
  ById<WeightId, char> seen(graph.weights.size(), 0);
  for (const CostNode& node : graph.nodes) {
    Bytes demand{0};
    for (const WeightId weight : node.weights) {
      if (!std::exchange(seen[weight], 1)) demand += graph.weights[weight];
    }
    for (const ValueId value : node.writes) demand += graph.values[value].bytes;
    demands.push_back(demand);
  }
  return demands;
}

// What of each device's memory a model can have. A device without limit counts as large as the
// largest that has one, and as the whole model at least.
std::vector<double> room_of(const CostGraph& graph, const fleet::Fleet& fleet, double whole) {
  double largest = std::max(whole, 1.0);
  for (const fleet::Device& device : fleet.devices) {
    largest = std::max(largest, static_cast<double>(device.memory.value()));
  }
  std::vector<double> room;
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes memory = fleet.devices[device].memory;
    const Bytes left = memory - graph.runtime_memory[device];
    room.push_back(memory.value() == 0 ? largest
                                       : std::max(0.0, static_cast<double>(left.value())));
  }
  return room;
}

// One traversal: each device in turn takes nodes until `fill` of its room is used or the next node
// would not fit; the last one that has any room takes all that is left.
Placement traverse(const Stretches& stretches, const std::vector<Bytes>& demands,
                   const std::vector<double>& room, double fill) {
  Placement placement;
  std::size_t next = 0;
  std::size_t last = room.size() - 1;
  while (last > 0 && room[last] <= 0) --last;
  for (std::size_t device = 0; device <= last && next < demands.size(); ++device) {
    PlacedStage stage{.device = DeviceId(device), .nodes = {}};
    const std::vector<Bytes> memory =
        stretches.memory_from(next, Bytes(static_cast<std::int64_t>(room[device])));
    const std::size_t first = next;
    double taken = 0;
    for (; next < demands.size(); ++next) {
      const auto demand = static_cast<double>(demands[next].value());
      // The node that crosses the share goes where its larger half lies.
      const bool fits = next - first < memory.size() &&
                        static_cast<double>(memory[next - first].value()) <= room[device];
      const bool full = !fits || taken + demand / 2 > fill * room[device];
      if (full && device != last) break;
      taken += demand;
      stage.nodes.push_back(NodeId(next));
    }
    if (!stage.nodes.empty()) placement.push_back(std::move(stage));
  }
  return placement;
}

// As full as is first found to fit, or the error of the fullest.
Result<Plan> fill(const CostGraph& graph, const fleet::Fleet& fleet, const SolveOptions& options) {
  const Stretches stretches(graph);
  const std::vector<Bytes> demands = demands_of(graph);
  double whole = 0;
  for (const Bytes demand : demands) whole += static_cast<double>(demand.value());
  const std::vector<double> room = room_of(graph, fleet, whole);
  double all_room = 0;
  for (const double of_device : room) all_room += of_device;
  const double even = all_room > 0 ? std::min(1.0, whole / all_room) : 1.0;

  std::optional<Error> error;
  for (int step = 0; step <= kFills; ++step) {
    const double fill = even + (1 - even) * step / kFills;
    Result<Plan> plan = solve_points(graph, fleet, traverse(stretches, demands, room, fill), options);
    if (!plan) {
      error = plan.error();
      continue;
    }
    plan->solver = "memory";
    if (step > 0) {
      plan->limits.push_back(fmt::format(
          "memories are filled to {:.0f} % instead of an even {:.0f} %, as the end of the model "
          "would not fit otherwise",
          100 * fill, 100 * even));
    }
    for (Unused& unused : plan->unused) {
      unused.why = room[unused.device.index()] <= 0
                       ? "its memory is taken up by its worker alone"
                       : "the model was placed before its turn came, or no node fits its share";
    }
    return plan;
  }
  return std::unexpected(*error);
}

}  // namespace

Result<Plan> solve_memory(const CostGraph& graph, const fleet::Fleet& fleet,
                          const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  SolveOptions known = options;
  known.bound = period_bound(graph, fleet, options.bound);
  known.explanation = Explanation::none;
  Result<Plan> plan = fill(graph, fleet, known);
  if (plan || plan.error().kind != ErrorKind::infeasible) return plan;
  const auto fit = [&](const CostGraph& changed, const fleet::Fleet& other) {
    return fill(changed, other, known) ? Fit::found : Fit::none;
  };
  return does_not_fit(graph, fleet, "by shares of the memory " + plan.error().message, fit,
                      options);
}

}  // namespace convoy::plan
