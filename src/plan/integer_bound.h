// A lower bound of the period by integer programming, for small problems: some
// thousand pairs of a node and a device.
#pragma once

#include "fleet/fleet.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

// No placement without replicas that fits the memories has a shorter period: what HiGHS proves in
// the time of the least T such that each unit is on one device; no device computes longer than T,
// its overhead counted once, nor needs more memory for the worker and its weights than it has; and
// no radio, medium, or sum of a device's links carries more than they can in T, over the quickest
// links that there are. The constraints on traffic are those of Tarnawski et al., NeurIPS 2020, for
// each value once. 0 where HiGHS proves nothing; infinite where it proves that no placement fits
// the memories.
[[nodiscard]] Seconds integer_bound(const CostGraph& graph, const fleet::Fleet& fleet,
                                    Seconds time = Seconds(2));

}  // namespace convoy::plan
