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

// The same stages, those of a device on another one: two devices exchanged, or else what needs most
// on the device with most room, and so on, which fits if anything does. In words; empty: none fits.
std::string exchange(const CostGraph& graph, const fleet::Fleet& fleet, const Figures& figures) {
  using On = ById<DeviceId, DeviceId>;  // where the stages of each device are
  constexpr Bytes kUnlimited{std::numeric_limits<std::int64_t>::max()};
  On as_given;
  ById<DeviceId, Bytes> need;
  ById<DeviceId, Bytes> room;
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes memory = fleet.devices[device].memory;
    const Bytes runtime = graph.runtime_memory[device];
    as_given.push_back(device);
    need.push_back(std::max(Bytes(0), figures.memory[device] - runtime));
    room.push_back(memory.value() > 0 ? memory - runtime : kUnlimited);
  }
  const auto fits = [&](const On& on) {
    return std::ranges::all_of(fleet.devices.ids(), [&](DeviceId device) {
      return need[device].value() == 0 || need[device] <= room[on[device]];
    });
  };
  const auto words = [&](const On& on) {
    std::vector<std::string> moves;
    for (const DeviceId device : fleet.devices.ids()) {
      if (need[device].value() == 0 || on[device] == device) continue;
      moves.push_back(fmt::format("what {} has on {}", fleet.devices[device].name,
                                  fleet.devices[on[device]].name));
    }
    return fmt::format("{}", fmt::join(moves, " and "));
  };
  for (const DeviceId a : fleet.devices.ids()) {
    for (const DeviceId b : fleet.devices.ids()) {
      On on = as_given;
      std::swap(on[a], on[b]);
      if (fits(on)) return words(on);
    }
  }
  On by_need = as_given;
  On by_room = as_given;
  std::ranges::stable_sort(by_need, std::greater(), [&](DeviceId device) { return need[device]; });
  std::ranges::stable_sort(by_room, std::greater(), [&](DeviceId device) { return room[device]; });
  On on = as_given;
  for (const DeviceId at : fleet.devices.ids()) on[by_need[at]] = by_room[at];
  return fits(on) ? words(on) : "";
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
