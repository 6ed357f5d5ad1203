#include <utility>

#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/objective.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {

Result<Plan> solve_points(const CostGraph& graph, const fleet::Fleet& fleet,
                          const Placement& placement, const SolveOptions& options) {
  Figures figures = evaluate(graph, fleet, placement);
  if (const auto short_of = shortages(figures, fleet); !short_of.empty()) {
    return fail(ErrorKind::infeasible, "the stages do not fit the memories: {}",
                describe(short_of, fleet));
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
