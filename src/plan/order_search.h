// The best contiguous plan along a few topological orders.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/shortfall.h"

namespace convoy::plan {

struct OrderSearch {
  std::optional<Placement> placement;  // none: none was found that fits the memories
  // No contiguous plan is below; known where only one order exists.
  std::optional<Seconds> contiguous_bound;
};

// Exact along each order (ideal_search.h), as far as its steps go; with many different devices, as
// good as a beam finds (beam_search.h). Ends early where `bound` is met or `stop` says so.
[[nodiscard]] OrderSearch search_orders(const CostGraph& graph, const fleet::Fleet& fleet,
                                        Seconds bound, std::uint64_t seed,
                                        const std::function<bool()>& stop);

// Whether any placement that fits the memories is found along these orders.
[[nodiscard]] FitSearch order_fit(std::uint64_t seed);

}  // namespace convoy::plan
