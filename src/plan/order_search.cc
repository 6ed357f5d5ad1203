#include "plan/order_search.h"

#include <algorithm>
#include <limits>

#include "plan/beam_search.h"
#include "plan/ideal_search.h"
#include "plan/incumbent.h"
#include "plan/orders.h"

namespace convoy::plan {
namespace {

constexpr std::uint64_t kOrders = 8;  // of each rule that leaves a choice
constexpr std::int64_t kSteps = 20'000;
constexpr std::size_t kMostSets = 1024;
constexpr std::size_t kMostStates = std::size_t{1} << 21;  // sets and units; more take a beam

bool has_one_order(const Contraction& contraction) {
  for (std::size_t i = 1; i < contraction.units.size(); ++i) {
    if (!std::ranges::contains(contraction.units[UnitId(i)].predecessors, UnitId(i - 1)))
      return false;
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
                  (contraction_.units.size() + 1) * kinds_.sets <= kMostStates),
        best_(graph, fleet) {}

  OrderSearch run(std::uint64_t seed) {
    std::optional<Seconds> contiguous_bound;
    for (const OrderRule rule :
         {OrderRule::given, OrderRule::depth_first, OrderRule::least_traffic}) {
      const std::uint64_t orders = rule == OrderRule::given || !is_exact_ ? 1 : kOrders;
      for (std::uint64_t i = 0; i < orders && !is_over(); ++i) {
        const std::vector<UnitId> order = topological_order(contraction_, rule, seed + i);
        if (is_exact_) {
          if (auto found = best_along(order)) best_.offer(*std::move(found));
          continue;
        }
        BeamSearch beam(graph_, fleet_, contraction_, order);
        const bool is_only_order = has_one_order(contraction_);
        if (is_only_order) {
          contiguous_bound = beam.bound();
          bound_ = std::max(bound_, *contiguous_bound);
        }
        if (auto found = beam.run(bound_, best_.period(), stop_)) best_.offer(*std::move(found));
        if (is_only_order) return {best_.placement(), contiguous_bound};
      }
    }
    return {best_.placement(), contiguous_bound};
  }

 private:
  [[nodiscard]] bool is_over() const { return best_.meets(bound_) || stop_(); }

  std::optional<Placement> best_along(const std::vector<UnitId>& order) {
    const Lattice lattice = Lattice::along(order);
    IdealSearch search(graph_, fleet_, contraction_, lattice, kinds_);
    return search.run(bound_, best_.period(), kSteps, stop_).placement;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  Seconds bound_;
  const std::function<bool()>& stop_;
  Contraction contraction_;
  DeviceKinds kinds_;
  bool is_exact_;
  Incumbent best_;
};

}  // namespace

OrderSearch search_orders(const CostGraph& graph, const fleet::Fleet& fleet, Seconds bound,
                          std::uint64_t seed, const std::function<bool()>& stop) {
  return Search(graph, fleet, bound, stop).run(seed);
}

FitSearch order_fit(std::uint64_t seed) {
  return [seed](const CostGraph& graph, const fleet::Fleet& fleet) {
    // Any period will do.
    const Seconds longest{std::numeric_limits<double>::max() / 2};
    const OrderSearch found = search_orders(graph, fleet, longest, seed, [] { return false; });
    return found.placement ? Fit::found : Fit::unknown;
  };
}

}  // namespace convoy::plan
