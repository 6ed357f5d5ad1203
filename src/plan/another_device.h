// The same problem with a device more.
#pragma once

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/problem.h"

namespace convoy::plan {

// With one more of a device, the last of the fleet: linked to the others as this one is, and to
// this one as links[device][device] says, or by the fastest link that it has where that has no
// limit.
[[nodiscard]] Problem with_another(const CostGraph& graph, const fleet::Fleet& fleet,
                                   DeviceId device);

}  // namespace convoy::plan
