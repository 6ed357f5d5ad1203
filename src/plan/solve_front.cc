#include <algorithm>
#include <utility>

#include "plan/assignment.h"
#include "plan/chain_optimum.h"
#include "plan/explain.h"
#include "plan/front_search.h"
#include "plan/objective.h"
#include "plan/order_search.h"
#include "plan/problem.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {
namespace {

// Of the other objective, for which a longer period is worth a line.
constexpr double kLeastGain = 0.005;

}  // namespace

Result<Plan> solve_objective(std::string solver, const CostGraph& graph, const fleet::Fleet& fleet,
                             Reach reach, const SolveOptions& options) {
  if (auto able = check_objective(graph, fleet, options.objective); !able) {
    return std::unexpected(able.error());
  }
  Front front(graph, fleet, {options.objective});
  const FrontSearch search = fill(front, graph, fleet, reach, options);
  if (front.points().empty()) {
    return does_not_fit(graph, fleet, "no plan was found that fits its devices",
                        reach == Reach::chain && is_plain(graph, fleet) ? FitSearch(chain_fit)
                                                                        : order_fit(options.seed),
                        options);
  }
  const Front::Point& best = front.points().front();
  Plan plan = explained_plan(std::move(solver), graph, fleet, best.placement, best.figures,
                             options.objective, objective_bound(graph, fleet, options.objective));
  const double reached = best.values.front();
  if (search.has_contiguous) plan.contiguous_bound = reached;
  const std::string what = reach == Reach::chain ? "optimal among contiguous cuts in this order"
                                                 : "optimal among contiguous plans";
  const bool is_best = reach == Reach::chain ? search.has_chain : search.has_contiguous;
  if (is_best && is_contiguous(plan.placement)) plan.limits.push_back(what);
  if (options.explanation == Explanation::full) {
    plan.unused = unused_of(
        graph, fleet, plan, options.replicas,
        fmt::format("no plan that was found has less {} with it", name_of(options.objective)));
  }
  return plan;
}

Result<std::vector<Plan>> solve_front(const CostGraph& graph, const fleet::Fleet& fleet,
                                      Objective other, const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (auto able = check_objective(graph, fleet, other); !able) return std::unexpected(able.error());
  Front front(graph, fleet, {Objective::throughput, other});
  // The ends of the front are what each objective alone reaches.
  SolveOptions quarter = options;
  quarter.budget = options.budget / 4;
  for (const Objective objective : {Objective::throughput, other}) {
    quarter.objective = objective;
    if (auto plan = solve_auto(graph, fleet, quarter)) front.offer(std::move(plan->placement));
  }
  SolveOptions rest = options;
  rest.budget = options.budget / 2;
  (void)fill(front, graph, fleet, Reach::any, rest);
  if (front.points().empty()) {
    return does_not_fit(graph, fleet, "no plan was found that fits its devices",
                        order_fit(options.seed), options);
  }
  const double bound = objective_bound(graph, fleet, Objective::throughput);
  std::vector<Plan> plans;
  for (const Front::Point& point : front.points()) {
    const bool is_last = &point == &front.points().back();
    const auto little_less = [&](const Plan& plan) {
      return point.values[1] > value_of(plan.figures, other) * (1 - kLeastGain);
    };
    if (!is_last && !plans.empty() && little_less(plans.back())) continue;
    plans.push_back(explained_plan("front", graph, fleet, point.placement, point.figures,
                                   Objective::throughput, bound));
  }
  return plans;
}

}  // namespace convoy::plan
