// Why a plan leaves devices out.
#pragma once

#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/solve.h"

namespace convoy::plan {

// The devices that a placement leaves out, all for one reason.
[[nodiscard]] std::vector<Unused> unused_of(const fleet::Fleet& fleet, const Placement& placement,
                                            const std::string& why);

// Each with what holds for every plan that uses it: the memory that any stage needs, or the period
// that its quickest stage or the least that it would have to send or receive makes at least. Where
// neither keeps the device out: what the best plan with it reaches that is found along the graph's
// order, on problems small enough for that; else `otherwise`. What concerns the period is said of
// plans for throughput without replicas only. Takes milliseconds for each kind of device, about a
// second at most.
[[nodiscard]] std::vector<Unused> unused_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                            const Plan& plan, Replicas replicas,
                                            const std::string& otherwise);

}  // namespace convoy::plan
