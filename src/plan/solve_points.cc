#include <fmt/ranges.h>

#include <algorithm>

#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/solve.h"

namespace convoy::plan {

Result<Plan> solve_points(const CostGraph& graph, const fleet::Fleet& fleet,
                          const Placement& placement) {
  Plan plan;
  plan.solver = "points";
  plan.placement = placement;
  plan.figures = evaluate(graph, fleet, placement);
  if (const auto short_of = shortages(plan.figures, fleet); !short_of.empty()) {
    return fail(ErrorKind::infeasible, "the stages do not fit the memories: {}",
                describe(short_of, fleet));
  }
  plan.bound = std::min(period_bound(graph, fleet), plan.figures.period);
  plan.proven = *gap(plan) < 1e-9;
  plan.limits = explain(graph, fleet, placement, plan.figures);
  for (const DeviceId device : fleet.devices.ids()) {
    const auto uses = [&](const PlacedStage& stage) { return stage.device == device; };
    if (std::ranges::none_of(placement, uses)) {
      plan.unused.push_back({device, "no partition point names it"});
    }
  }
  return plan;
}

}  // namespace convoy::plan
