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
  plan.unused = unused_of(fleet, placement, "no partition point names it");
  return plan;
}

}  // namespace convoy::plan
