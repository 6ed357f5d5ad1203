// From who runs which node to stages, and back.
#pragma once

#include "foundation/id.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Stages in an order in which they can run, as few as a simple rule finds: a device goes on for as
// long as it can; the next is one that can do all that is left for it, or else the most.
[[nodiscard]] Placement stages_of(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of);

// All nodes as one stage.
[[nodiscard]] Placement alone_on(const CostGraph& graph, DeviceId device);

// Whether each device has one stage, which no other has.
[[nodiscard]] bool is_contiguous(const Placement& placement);

// Who runs which node of a placement; of stages with replicas, the first device.
[[nodiscard]] ById<NodeId, DeviceId> devices_of(const CostGraph& graph, const Placement& placement);

}  // namespace convoy::plan
