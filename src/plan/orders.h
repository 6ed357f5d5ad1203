// Topological orders of units, for solvers that keep to one.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/contraction.h"

namespace convoy::plan {

enum class OrderRule {
  given,          // as the contraction numbers them
  depth_first,    // what became possible last comes next: one branch after the other
  least_traffic,  // what leaves the fewest bytes crossing comes next
};

// `seed` decides between what the rule leaves open; not used by `given`.
[[nodiscard]] std::vector<UnitId> topological_order(const Contraction& contraction, OrderRule rule,
                                                    std::uint64_t seed);

}  // namespace convoy::plan
