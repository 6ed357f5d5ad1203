#include "plan/order_search.h"

#include <algorithm>
#include <limits>

#include "plan/evaluate.h"
#include "plan/ideal_search.h"
#include "plan/orders.h"

namespace convoy::plan {
namespace {

constexpr std::uint64_t kOrders = 8;  // of each rule that leaves a choice
constexpr std::int64_t kSteps = 20'000;
constexpr std::size_t kMostSets = 1024;
constexpr Seconds kAny{std::numeric_limits<double>::infinity()};

}  // namespace

std::optional<Placement> best_over_orders(const CostGraph& graph, const fleet::Fleet& fleet,
                                          Seconds bound, std::uint64_t seed,
                                          const std::function<bool()>& stop) {
  const Contraction contraction = contract(graph, fleet, PlanForm::contiguous);
  const std::size_t ideals = contraction.units.size() + 1;
  const DeviceKinds kinds =
      kinds_of(graph, fleet, std::nullopt,
               std::clamp(IdealTable::kMostStates / ideals, std::size_t{2}, kMostSets));
  std::optional<Placement> best;
  Seconds period = kAny;
  for (const OrderRule rule : {OrderRule::given, OrderRule::depth_first, OrderRule::least_traffic}) {
    const std::uint64_t orders = rule == OrderRule::given ? 1 : kOrders;
    for (std::uint64_t i = 0; i < orders; ++i) {
      if (period <= bound * (1 + 1e-9) || stop()) return best;
      const Lattice lattice = Lattice::along(topological_order(contraction, rule, seed + i));
      IdealSearch search(graph, fleet, contraction, lattice, kinds);
      auto found = search.run(bound, period, kSteps, stop);
      if (!found.placement || found.period >= period) continue;
      if (!shortages(evaluate(graph, fleet, *found.placement), fleet).empty()) continue;
      best = std::move(found.placement);
      period = found.period;
    }
  }
  return best;
}

}  // namespace convoy::plan
