#include <algorithm>

#include "plan/bound.h"
#include "plan/contraction.h"
#include "plan/explain.h"
#include "plan/front_search.h"
#include "plan/ideal_search.h"
#include "plan/incumbent.h"
#include "plan/local_bound.h"
#include "plan/order_search.h"
#include "plan/problem.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {
namespace {

constexpr std::size_t kMostIdeals = 1'000'000;
constexpr std::size_t kMostIdealWords = std::size_t{1} << 25;  // all ideals as sets of units
constexpr std::size_t kMostSets = 1024;
constexpr std::size_t kMostPairs = 4000;
constexpr std::int64_t kSteps = 4'000'000;

class IdealsSolver {
 public:
  IdealsSolver(const CostGraph& graph, const fleet::Fleet& fleet, const SolveOptions& options)
      : graph_(graph),
        fleet_(fleet),
        options_(options),
        bound_(period_bound(graph, fleet, options.bound)),
        contraction_(contract(graph, fleet, PlanForm::contiguous)),
        best_(graph, fleet) {}

  Result<Plan> solve() {
    // A first plan, which the search over all ideals only has to beat.
    OrderSearch first = search_orders(graph_, fleet_, bound_, options_.seed, options_.stop);
    if (first.placement) best_.offer(*std::move(first.placement));
    contiguous_bound_ = first.contiguous_bound;
    if (best_.meets(bound_)) {
      contiguous_bound_ = best_.period();
    } else {
      join_inseparable();
      if (Result<void> searched = search_all(); !searched) return std::unexpected(searched.error());
    }
    if (!best_.placement())
      return does_not_fit(graph_, fleet_, "no contiguous plan fits its devices",
                          order_fit(options_.seed), options_);
    Plan plan =
        explained_plan("ideals", graph_, fleet_, *best_.placement(), best_.figures(), bound_);
    if (contiguous_bound_) plan.contiguous_bound = contiguous_bound_->count();
    if (options_.explanation == Explanation::full) {
      plan.unused = unused_of(graph_, fleet_, plan, Replicas::none,
                              "no contiguous plan was found that is faster with it");
    }
    return plan;
  }

 private:
  [[nodiscard]] DeviceKinds kinds_for(const Lattice& lattice) const {
    const std::size_t most =
        std::clamp(IdealTable::kMostStates / lattice.size(), std::size_t{2}, kMostSets);
    return kinds_of(graph_, fleet_, std::nullopt, most);
  }

  // What no better plan separates need not be cut.
  void join_inseparable() {
    if (!best_.placement()) return;
    const DeviceKinds kinds = kinds_of(graph_, fleet_, std::nullopt, kAnySets);
    std::vector<std::pair<NodeId, NodeId>> together;
    LocalBound local(graph_, fleet_, contraction_, kinds);
    for (const auto& [a, b] : local.inseparable(best_.period().count(), kMostPairs)) {
      together.emplace_back(contraction_.units[a].nodes.front(),
                            contraction_.units[b].nodes.front());
    }
    for (const Unit& unit : contraction_.units) {
      for (const NodeId node : unit.nodes) together.emplace_back(unit.nodes.front(), node);
    }
    contraction_ = contract(graph_, fleet_, PlanForm::contiguous, together);
  }

  Result<void> search_all() {
    const std::size_t words = contraction_.units.size() / 64 + 1;
    const std::optional<Lattice> lattice =
        Lattice::all(contraction_, std::min(kMostIdeals, kMostIdealWords / words));
    if (!lattice) {
      if (best_.placement()) return {};  // without a bound
      return fail(ErrorKind::failure,
                  "the graph has more than {} ways to be cut in two, too many to look at each",
                  kMostIdeals);
    }
    const DeviceKinds kinds = kinds_for(*lattice);
    if (best_.placement() && !kinds.left_out.empty()) return {};
    IdealSearch search(graph_, fleet_, contraction_, *lattice, kinds);
    auto found = search.run(bound_, best_.period(), kSteps, options_.stop);
    if (found.placement) best_.offer(*std::move(found.placement));
    if (!best_.placement() && !found.complete) {
      return fail(ErrorKind::failure, "no plan was found in time");
    }
    if (best_.placement() && kinds.left_out.empty()) {
      contiguous_bound_ = found.complete ? best_.period() : std::min(found.bound, best_.period());
    }
    return {};
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const SolveOptions& options_;
  Seconds bound_;
  Contraction contraction_;
  Incumbent best_;
  std::optional<Seconds> contiguous_bound_;
};

}  // namespace

Result<Plan> solve_ideals(const CostGraph& graph, const fleet::Fleet& fleet,
                          const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (options.objective != Objective::throughput) {
    return solve_objective("ideals", graph, fleet, Reach::ideals, options);
  }
  return IdealsSolver(graph, fleet, options).solve();
}

}  // namespace convoy::plan
