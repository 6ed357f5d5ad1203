#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/objective.h"
#include "plan/placement_text.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {

using convoy::to_text;  // Seconds are std's, so their namespace does not lead here

namespace {

// The same stages, those of a device on another one: what needs most on the device with most room,
// and so on, which fits if any such exchange does. In words; empty: none fits.
std::string exchange(const CostGraph& graph, const fleet::Fleet& fleet, const Figures& figures) {
  std::vector<std::pair<Bytes, DeviceId>> needs;
  std::vector<std::pair<Bytes, DeviceId>> rooms;
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes memory = fleet.devices[device].memory;
    const Bytes runtime = graph.runtime_memory[device];
    rooms.emplace_back(
        memory.value() > 0 ? memory - runtime : Bytes(std::numeric_limits<std::int64_t>::max()),
        device);
    if (figures.memory[device].value() > 0) {
      needs.emplace_back(figures.memory[device] - runtime, device);
    }
  }
  std::ranges::stable_sort(needs, std::greater(), &std::pair<Bytes, DeviceId>::first);
  std::ranges::stable_sort(rooms, std::greater(), &std::pair<Bytes, DeviceId>::first);
  std::vector<std::string> moves;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const auto& [need, from] = needs[i];
    const auto& [room, to] = rooms[i];
    if (need > room) return "";
    if (from == to) continue;
    moves.push_back(
        fmt::format("what {} has on {}", fleet.devices[from].name, fleet.devices[to].name));
  }
  return fmt::format("{}", fmt::join(moves, " and "));
}

// The nearest way that fits.
std::string way_out(const CostGraph& graph, const fleet::Fleet& fleet, const Figures& figures,
                    const SolveOptions& options) {
  if (const std::string moves = exchange(graph, fleet, figures); !moves.empty()) {
    return "; they would fit with " + moves;
  }
  const auto other = solve_chain(graph, fleet, options);
  if (other) {
    return fmt::format("; other points would fit: {} nodes in this order have a period of {}",
                       to_text(other->placement, fleet), to_text(other->figures.period));
  }
  return other.error().kind == ErrorKind::infeasible ? "; " + other.error().message : "";
}

}  // namespace

Result<Plan> solve_points(const CostGraph& graph, const fleet::Fleet& fleet,
                          const Placement& placement, const SolveOptions& options) {
  Figures figures = evaluate(graph, fleet, placement);
  if (const auto short_of = shortages(figures, fleet); !short_of.empty()) {
    return fail(ErrorKind::infeasible, "the stages do not fit the memories: {}{}",
                describe(short_of, fleet),
                options.explanation == Explanation::none
                    ? ""
                    : way_out(graph, fleet, figures,
                              {.bound = options.bound, .explanation = Explanation::errors}));
  }
  Plan plan = explained_plan("points", graph, fleet, placement, std::move(figures),
                             options.objective,
                             options.objective == Objective::throughput
                                 ? period_bound(graph, fleet, options.bound).count()
                                 : objective_bound(graph, fleet, options.objective));
  plan.unused = unused_of(fleet, placement, "no partition point names it");
  return plan;
}

}  // namespace convoy::plan
