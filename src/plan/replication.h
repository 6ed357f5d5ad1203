// A stage that several devices run in turn.
#pragma once

#include <functional>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"
#include "plan/incumbent.h"
#include "plan/plan.h"

namespace convoy::plan {

// How many requests of a cycle each device takes, given what one request takes it: at least one
// each, so that the busiest is busy for as small a part of the cycle as cycles of up to 32 requests
// allow.
[[nodiscard]] std::vector<int> fair_turns(const std::vector<Seconds>& times);

// Shorter periods by replicas: from the incumbent, and from each device alone, as long as one of
// these helps: a device more for a stage, one less, two neighbouring stages as one that both have,
// a few nodes more for a neighbour. Offers what it finds. Placements in which a device has several
// stages are left as they are. No replicas with multicast or Device::transfer_load.
void replicate(const CostGraph& graph, const fleet::Fleet& fleet, Incumbent& best,
               const std::function<bool()>& stop);

// The plan, or a better one with replicas; its bound is that of placements with replicas.
[[nodiscard]] Plan with_replicas(Plan plan, const CostGraph& graph, const fleet::Fleet& fleet,
                                 const std::function<bool()>& stop);

}  // namespace convoy::plan
