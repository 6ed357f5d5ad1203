// A fleet without some of its devices.
#pragma once

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/problem.h"

namespace convoy::plan {

struct Reduced {
  Problem problem;                    // of those that are left, in their order
  ById<DeviceId, DeviceId> original;  // their ids before

  // A placement of the problem, on the devices as they were called before.
  [[nodiscard]] Placement restored(Placement placement) const;
};

// Only the devices that are `present`.
[[nodiscard]] Reduced reduced(const CostGraph& graph, const fleet::Fleet& fleet,
                              const ById<DeviceId, bool>& present);

}  // namespace convoy::plan
