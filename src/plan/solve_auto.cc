#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "plan/evaluate.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

// All nodes as one stage.
Placement alone_on(const CostGraph& graph, DeviceId device) {
  PlacedStage stage{.device = device, .nodes = {}};
  for (const NodeId node : graph.nodes.ids()) stage.nodes.push_back(node);
  return {std::move(stage)};
}

}  // namespace

Result<Plan> solve_auto(const CostGraph& graph, const fleet::Fleet& fleet) {
  Result<Plan> best = solve_chain(graph, fleet);
  std::vector<std::string> periods = {
      best ? fmt::format("chain {}", to_text(best->figures.period)) : "chain found nothing"};
  const auto compare = [&](const std::string& name, Result<Plan> other) {
    if (!other) {
      periods.push_back(name + " does not fit");
      return;
    }
    periods.push_back(fmt::format("{} {}", name, to_text(other->figures.period)));
    // Only where the chain's search ended early, or left devices out.
    if (!best || other->figures.period < best->figures.period) best = std::move(other);
  };
  compare("memory", solve_memory(graph, fleet));
  for (const DeviceId device : fleet.devices.ids()) {
    compare(fleet.devices[device].name + " alone",
            solve_points(graph, fleet, alone_on(graph, device)));
  }
  if (!best) return best;
  best->limits.push_back(fmt::format("periods compared: {}", fmt::join(periods, ", ")));
  return best;
}

}  // namespace convoy::plan
