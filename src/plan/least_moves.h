// Contiguous placements by what would have to move for them.
#pragma once

#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/holdings.h"
#include "plan/plan.h"

namespace convoy::plan {

struct LeastMovesOptions {
  Seconds most_compute;   // of a stage
  Seconds most_transfer;  // of what crosses into a stage, over the fastest link into its device
  double most_steps = 5e7;
};

// The contiguous placement in the graph's order on some of the devices, in any order of them, each
// with one stage, for which the fewest bytes move to who does not hold them (a weight counts for
// each node that reads it). A dynamic programme over sets of devices and nodes; with more steps
// than `most_steps` only the devices' own order counts. Memory, and transfers that share something,
// are for the caller to check. None: no placement keeps to the options.
[[nodiscard]] std::optional<Placement> contiguous_with_least_moves(
    const CostGraph& graph, const fleet::Fleet& fleet, const std::vector<DeviceId>& devices,
    const Holdings& held, const LeastMovesOptions& options);

}  // namespace convoy::plan
