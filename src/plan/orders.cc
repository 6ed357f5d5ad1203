#include "plan/orders.h"

#include <algorithm>
#include <limits>
#include <random>

namespace convoy::plan {
namespace {

// What would cross if a unit came next, less what crosses now.
double change_of_traffic(const Contraction& contraction, const ById<NetId, std::size_t>& placed,
                         UnitId unit) {
  double change = 0;
  for (const NetId id : contraction.units[unit].nets) {
    const auto bytes = static_cast<double>(contraction.nets[id].bytes.value());
    if (placed[id] == 0) change += bytes;
    if (placed[id] + 1 == contraction.nets[id].members.size()) change -= bytes;
  }
  return change;
}

}  // namespace

std::vector<UnitId> topological_order(const Contraction& contraction, OrderRule rule,
                                      std::uint64_t seed) {
  std::mt19937_64 random(seed);
  ById<UnitId, std::size_t> waits_for(contraction.units.size(), 0);
  ById<NetId, std::size_t> placed(contraction.nets.size(), 0);
  std::vector<UnitId> ready;  // in the order in which they became so
  for (const UnitId unit : contraction.units.ids()) {
    waits_for[unit] = contraction.units[unit].predecessors.size();
    if (waits_for[unit] == 0) ready.push_back(unit);
  }
  std::vector<UnitId> order;
  while (!ready.empty()) {
    auto next = ready.end() - 1;
    if (rule == OrderRule::given) {
      next = std::ranges::min_element(ready);
    } else if (rule == OrderRule::least_traffic) {
      double least = std::numeric_limits<double>::infinity();
      for (auto at = ready.begin(); at != ready.end(); ++at) {
        const double change = change_of_traffic(contraction, placed, *at);
        if (change > least || (change == least && random() % 2 == 0)) continue;
        least = change;
        next = at;
      }
    }
    const UnitId unit = *next;
    ready.erase(next);
    order.push_back(unit);
    for (const NetId net : contraction.units[unit].nets) ++placed[net];
    const std::size_t before = ready.size();
    for (const UnitId after : contraction.units[unit].successors) {
      if (--waits_for[after] == 0) ready.push_back(after);
    }
    for (std::size_t i = ready.size(); i > before + 1; --i) {  // shuffled, the same on all machines
      std::swap(ready[i - 1], ready[before + random() % (i - before)]);
    }
  }
  return order;
}

}  // namespace convoy::plan
