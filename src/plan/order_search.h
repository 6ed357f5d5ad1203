// The best contiguous plan along a few topological orders.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Exact along each order (ideal_search.h), as far as its steps go. Nothing if none fits the memories.
// Ends early where `bound` is met or `stop` says so.
[[nodiscard]] std::optional<Placement> best_over_orders(const CostGraph& graph,
                                                        const fleet::Fleet& fleet, Seconds bound,
                                                        std::uint64_t seed,
                                                        const std::function<bool()>& stop);

}  // namespace convoy::plan
