// How short a period can be at best, whatever the placement.
#pragma once

#include <optional>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

// No placement, contiguous or not, has a shorter period. The largest of: the costliest node on the
// device that is quickest at it; the optimum if nodes could be divided at will between the devices,
// each used one with its overhead once, transfers aside (a linear program; its dual is climbed from
// below, so that every step of it is a bound); and what some device has to bear because of one node
// (local_bound.h). Memory is left aside. 0 for a graph without nodes.
[[nodiscard]] Seconds period_bound(const CostGraph& graph, const fleet::Fleet& fleet);

// The same with replicas: nodes are as good as divided at will then.
[[nodiscard]] Seconds divided_bound(const CostGraph& graph, const fleet::Fleet& fleet);

// The same, where it is not known already.
[[nodiscard]] Seconds period_bound(const CostGraph& graph, const fleet::Fleet& fleet,
                                   const std::optional<Seconds>& known);

}  // namespace convoy::plan
