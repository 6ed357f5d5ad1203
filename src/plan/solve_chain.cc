#include <algorithm>
#include <bit>
#include <cstdint>

#include "plan/bound.h"
#include "plan/chain_optimum.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/front_search.h"
#include "plan/problem.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {
namespace {

using Outcome = ChainSearch::Outcome;

constexpr double kStepsPerSecond = 1e6;

// Steps, not time, so that the same budget gives the same plan.
Effort effort_for(Seconds budget) {
  Effort effort;
  const double steps =
      std::clamp(budget.count() * kStepsPerSecond, 1e4, static_cast<double>(effort.steps));
  if (steps < static_cast<double>(effort.steps)) {
    effort.steps = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(steps)));
  }
  return effort;
}

// Whether each node reads what the one before it makes.
bool has_one_order(const CostGraph& graph) {
  for (std::size_t i = 1; i < graph.nodes.size(); ++i) {
    const auto reads_last = [&](ValueId value) {
      return graph.values[value].producer == NodeId(i - 1);
    };
    if (std::ranges::none_of(graph.nodes[NodeId(i)].reads, reads_last)) return false;
  }
  return true;
}

}  // namespace

Result<Plan> solve_chain(const CostGraph& graph, const fleet::Fleet& fleet,
                         const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (options.objective != Objective::throughput) {
    return solve_objective("chain", graph, fleet, Reach::chain, options);
  }
  if (!is_plain(graph, fleet)) {
    return fail(ErrorKind::failure,
                "groups, a backward pass, multicast, and devices that transfers keep from computing are "
                "for the solvers ideals and search");
  }
  const Seconds least = period_bound(graph, fleet, options.bound);
  const Effort effort = effort_for(options.budget);
  const auto best = chain_optimum(graph, fleet, least, effort);
  if (!best && best.error() == Outcome::none) {
    return does_not_fit(graph, fleet, "no split in the model's order fits its devices", chain_fit,
                        options);
  }
  if (!best) {
    return fail(ErrorKind::failure,
                "no split in the model's order was found in time that fits the devices' memories; "
                "there may be one");
  }

  Plan plan = explained_plan("chain", graph, fleet, best->placement,
                             evaluate(graph, fleet, best->placement), least);
  if (best->period - best->bound <= 2 * effort.tolerance * best->period) {
    plan.limits.push_back("optimal among contiguous cuts in this order");
  } else {
    plan.limits.push_back(fmt::format(
        "the search ended early: contiguous cuts in this order may reach {}, not less",
        to_text(best->bound)));
  }
  if (best->left_out.empty() && has_one_order(graph)) plan.contiguous_bound = best->bound.count();
  if (options.explanation == Explanation::full) {
    plan.unused =
        unused_of(graph, fleet, plan, Replicas::none, "no plan was found that is faster with it");
    for (Unused& unused : plan.unused) {
      if (std::ranges::contains(best->left_out, unused.device)) {
        unused.why =
            "the fleet has more different devices than are searched, and this is one of the "
            "slowest";
      }
    }
  }
  return plan;
}

}  // namespace convoy::plan
