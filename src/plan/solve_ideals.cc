#include <algorithm>
#include <limits>

#include "plan/bound.h"
#include "plan/contraction.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/ideal_search.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

constexpr std::size_t kMostIdeals = 1'000'000;
constexpr std::size_t kMostSets = 1024;
constexpr std::int64_t kSteps = 4'000'000;

}  // namespace

Result<Plan> solve_ideals(const CostGraph& graph, const fleet::Fleet& fleet,
                          const SolveOptions& options) {
  if (fleet.devices.empty()) return fail(ErrorKind::input, "the fleet has no devices");
  if (graph.nodes.empty()) return fail(ErrorKind::input, "the model has no nodes to place");
  const Contraction contraction = contract(graph, fleet);
  const std::optional<Lattice> lattice = Lattice::all(contraction, kMostIdeals);
  if (!lattice) {
    return fail(ErrorKind::failure,
                "the graph has more than {} ways to be cut in two, too many to look at each",
                kMostIdeals);
  }
  const DeviceKinds kinds =
      kinds_of(graph, fleet, std::nullopt,
               std::clamp(IdealTable::kMostStates / lattice->size(), std::size_t{2}, kMostSets));
  IdealSearch search(graph, fleet, contraction, *lattice, kinds);
  const IdealSearch::Outcome found =
      search.run(Seconds(std::numeric_limits<double>::infinity()), kSteps, options.stop);
  if (!found.placement && !found.complete) {
    return fail(ErrorKind::failure, "no plan was found in time");
  }
  if (!found.placement) {
    return fail(ErrorKind::infeasible, "no contiguous plan fits the memories");
  }
  Plan plan;
  plan.solver = "ideals";
  plan.placement = *found.placement;
  plan.figures = evaluate(graph, fleet, plan.placement);
  if (const auto short_of = shortages(plan.figures, fleet); !short_of.empty()) {
    return fail(ErrorKind::infeasible, "the best plan found does not fit the memories: {}",
                describe(short_of, fleet));
  }
  plan.bound = std::min(period_bound(graph, fleet), plan.figures.period);
  plan.proven = *gap(plan) < 1e-9;
  if (kinds.left_out.empty()) plan.contiguous_bound = std::min(found.bound, plan.figures.period);
  plan.limits = explain(graph, fleet, plan.placement, plan.figures);
  return plan;
}

}  // namespace convoy::plan
