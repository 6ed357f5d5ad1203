#include "plan/order_search.h"

#include <algorithm>
#include <limits>

#include "plan/beam_search.h"
#include "plan/evaluate.h"
#include "plan/ideal_search.h"
#include "plan/orders.h"

namespace convoy::plan {
namespace {

constexpr std::uint64_t kOrders = 8;  // of each rule that leaves a choice
constexpr std::int64_t kSteps = 20'000;
constexpr std::size_t kMostSets = 1024;
constexpr Seconds kAny{std::numeric_limits<double>::infinity()};

constexpr std::size_t kMostStates = std::size_t{1} << 21;

bool has_one_order(const Contraction& contraction) {
  for (std::size_t i = 1; i < contraction.units.size(); ++i) {
    if (!std::ranges::contains(contraction.units[UnitId(i)].predecessors, UnitId(i - 1))) return false;
  }
  return true;
}

class Search {
 public:
  Search(const CostGraph& graph, const fleet::Fleet& fleet, Seconds bound,
         const std::function<bool()>& stop)
      : graph_(graph),
        fleet_(fleet),
        bound_(bound),
        stop_(stop),
        contraction_(contract(graph, fleet, PlanForm::contiguous)),
        kinds_(kinds_of(graph, fleet, std::nullopt, kMostSets)),
        is_exact_(kinds_.left_out.empty() &&
                  (contraction_.units.size() + 1) * kinds_.sets <= kMostStates) {}

  OrderSearch run(std::uint64_t seed) {
    OrderSearch result;
    for (const OrderRule rule :
         {OrderRule::given, OrderRule::depth_first, OrderRule::least_traffic}) {
      const std::uint64_t orders = rule == OrderRule::given || !is_exact_ ? 1 : kOrders;
      for (std::uint64_t i = 0; i < orders && !is_over(); ++i) {
        const std::vector<UnitId> order = topological_order(contraction_, rule, seed + i);
        if (is_exact_) {
          try_all_along(order);
          continue;
        }
        BeamSearch beam(graph_, fleet_, contraction_, order);
        if (has_one_order(contraction_)) {
          result.contiguous_bound = beam.bound();
          bound_ = std::max(bound_, *result.contiguous_bound);
        }
        keep(beam.run(bound_, period_, stop_));
        if (has_one_order(contraction_)) return {std::move(best_), result.contiguous_bound};
      }
    }
    result.placement = std::move(best_);
    return result;
  }

 private:
  [[nodiscard]] bool is_over() const { return period_ <= bound_ * (1 + 1e-9) || stop_(); }

  void try_all_along(const std::vector<UnitId>& order) {
    const Lattice lattice = Lattice::along(order);
    IdealSearch search(graph_, fleet_, contraction_, lattice, kinds_);
    keep(search.run(bound_, period_, kSteps, stop_).placement);
  }
  void keep(std::optional<Placement> placement) {
    if (!placement) return;
    const Figures figures = evaluate(graph_, fleet_, *placement);
    if (figures.period >= period_ || !shortages(figures, fleet_).empty()) return;
    best_ = std::move(placement);
    period_ = figures.period;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  Seconds bound_;
  const std::function<bool()>& stop_;
  Contraction contraction_;
  DeviceKinds kinds_;
  bool is_exact_;
  std::optional<Placement> best_;
  Seconds period_ = kAny;
};

}  // namespace

OrderSearch search_orders(const CostGraph& graph, const fleet::Fleet& fleet, Seconds bound,
                          std::uint64_t seed, const std::function<bool()>& stop) {
  return Search(graph, fleet, bound, stop).run(seed);
}

}  // namespace convoy::plan
