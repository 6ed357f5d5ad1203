// Two devices that take turns.
#pragma once

#include "fleet/fleet.h"
#include "foundation/id.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// The way to divide the units between two devices that takes least time in all, if one thing
// happens at a time: computing, and moving each value with its link's latency. A minimum cut
// (Stone, IEEE Transactions on Software Engineering SE-3(1), 1977). That is the latency where
// nothing runs in parallel, as in a chain; stage overhead and memory are left aside.
[[nodiscard]] Placement divided_in_turns(const CostGraph& graph, const fleet::Fleet& fleet,
                                         const Contraction& contraction, DeviceId a, DeviceId b);

}  // namespace convoy::plan
