#include <algorithm>
#include <limits>

#include "plan/bound.h"
#include "plan/contraction.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/ideal_search.h"
#include "plan/local_bound.h"
#include "plan/order_search.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

constexpr std::size_t kMostIdeals = 1'000'000;
constexpr std::size_t kMostIdealWords = std::size_t{1} << 25;  // all ideals as sets of units
constexpr std::size_t kMostSets = 1024;
constexpr std::size_t kMostPairs = 4000;
constexpr std::int64_t kSteps = 4'000'000;
constexpr Seconds kAny{std::numeric_limits<double>::infinity()};

class IdealsSolver {
 public:
  IdealsSolver(const CostGraph& graph, const fleet::Fleet& fleet, const SolveOptions& options)
      : graph_(graph),
        fleet_(fleet),
        options_(options),
        bound_(period_bound(graph, fleet)),
        contraction_(contract(graph, fleet, PlanForm::contiguous)) {}

  Result<Plan> solve() {
    // A first plan, which the search over all ideals only has to beat.
    OrderSearch first = search_orders(graph_, fleet_, bound_, options_.seed, options_.stop);
    if (first.placement) {
      period_ = evaluate(graph_, fleet_, *first.placement).period;
      best_ = std::move(first.placement);
    }
    contiguous_bound_ = first.contiguous_bound;
    if (!is_met(bound_)) {
      join_inseparable();
      if (Result<void> searched = search_all(); !searched) return std::unexpected(searched.error());
    } else {
      contiguous_bound_ = period_;
    }
    if (!best_) return fail(ErrorKind::infeasible, "no contiguous plan fits the memories");
    return plan();
  }

 private:
  [[nodiscard]] bool is_met(Seconds bound) const {
    return best_ && period_ <= bound * (1 + 1e-9);
  }
  [[nodiscard]] DeviceKinds kinds_for(const Lattice& lattice) const {
    const std::size_t most =
        std::clamp(IdealTable::kMostStates / lattice.size(), std::size_t{2}, kMostSets);
    return kinds_of(graph_, fleet_, std::nullopt, most);
  }
  // Takes over what is better and fits.
  void keep(const IdealSearch::Outcome& found) {
    if (!found.placement || (best_ && found.period >= period_)) return;
    if (!shortages(evaluate(graph_, fleet_, *found.placement), fleet_).empty()) return;
    best_ = found.placement;
    period_ = found.period;
  }

  // What no better plan separates need not be cut.
  void join_inseparable() {
    if (!best_) return;
    const DeviceKinds kinds = kinds_of(graph_, fleet_, std::nullopt, kAnySets);
    std::vector<std::pair<NodeId, NodeId>> together;
    LocalBound local(graph_, fleet_, contraction_, kinds);
    for (const auto& [a, b] : local.inseparable(period_.count(), kMostPairs)) {
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
      if (best_) return {};  // without a bound
      return fail(ErrorKind::failure,
                  "the graph has more than {} ways to be cut in two, too many to look at each",
                  kMostIdeals);
    }
    const DeviceKinds kinds = kinds_for(*lattice);
    if (best_ && !kinds.left_out.empty()) return {};
    IdealSearch search(graph_, fleet_, contraction_, *lattice, kinds);
    const auto found = search.run(bound_, best_ ? period_ : kAny, kSteps, options_.stop);
    keep(found);
    if (!best_ && !found.complete) return fail(ErrorKind::failure, "no plan was found in time");
    if (best_ && kinds.left_out.empty()) {
      contiguous_bound_ = found.complete ? period_ : std::min(found.bound, period_);
    }
    return {};
  }

  [[nodiscard]] Plan plan() const {
    Plan plan;
    plan.solver = "ideals";
    plan.placement = *best_;
    plan.figures = evaluate(graph_, fleet_, plan.placement);
    plan.bound = std::min(bound_, plan.figures.period);
    plan.proven = *gap(plan) < 1e-9;
    plan.contiguous_bound = contiguous_bound_;
    plan.limits = explain(graph_, fleet_, plan.placement, plan.figures);
    plan.unused = unused_of(fleet_, plan.placement, "no contiguous plan is faster with it");
    return plan;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const SolveOptions& options_;
  Seconds bound_;
  Contraction contraction_;
  std::optional<Placement> best_;
  Seconds period_{0};
  std::optional<Seconds> contiguous_bound_;
};

}  // namespace

Result<Plan> solve_ideals(const CostGraph& graph, const fleet::Fleet& fleet,
                          const SolveOptions& options) {
  if (fleet.devices.empty()) return fail(ErrorKind::input, "the fleet has no devices");
  if (graph.nodes.empty()) return fail(ErrorKind::input, "the model has no nodes to place");
  return IdealsSolver(graph, fleet, options).solve();
}

}  // namespace convoy::plan
