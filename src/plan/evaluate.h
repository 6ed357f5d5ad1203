// What a placement costs. One evaluator for all solvers and objectives.
#pragma once

#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// A value that a stage makes and other stages read crosses once to each other device that reads it,
// in bytes / bandwidth of the ordered pair's link (its latency only counts for Latency); with
// Fleet::multicast its sender sends it once to all, as slowly as to the slowest. Inputs of the graph
// are free: they are fed where they are needed; results are taken where they arise.
//
// Period: the largest of each device's busy time (its nodes, its overhead per stage, and the part of
// all it sends and receives that Device::transfer_load says) and of each shared resource's transfers: of every ordered pair (contention `link`), of every device, for all
// that it sends and receives (`radio`), of all transfers together (`medium`).
// Latency: one request alone. A stage starts when its device is free and its inputs are there. When
// it ends, it sends one message to each device that reads from it, in the order in which these first
// do, once the resource is free; a message is there after its transfer and the link's latency.
// Devices' loads by transfers and multicast are left out of the latency.
// Stages with replicas: each of their devices takes its part of the requests, its computing and what it
// sends and receives; where two such stages meet, as if their turns were independent, but a link of its
// own counts as many requests as can meet on it at most. Their latency is that on the slowest device.
// Multicast and Device::transfer_load are not for such plans.
// Energy: for each device used that has power figures, busy watts while it is busy and idle watts
// for the rest of a period.
// Memory of a device used: runtime overhead, the weights of its stages once each, and per stage
//   inputs + the largest sum, over its nodes, of live values and the node's workspace
//   + one further copy of inputs and of outputs (the pipeline's buffers).
// A stage's inputs are what its nodes read and do not make, graph inputs included; its outputs what
// it makes and other stages read or the graph returns. Inputs stay for the whole request, outputs
// from their node on, other values from their node to their last reader.
//
// The placement must be valid (verify.h): each node in one stage, a stage reads from no later one.
[[nodiscard]] Figures evaluate(const CostGraph& graph, const fleet::Fleet& fleet,
                               const Placement& placement);

// The devices whose memory the figures exceed, in the fleet's order.
[[nodiscard]] std::vector<Shortage> shortages(const Figures& figures, const fleet::Fleet& fleet);

// The time that `bytes` occupy a link; none when its bandwidth is not limited.
[[nodiscard]] Seconds transfer_time(Bytes bytes, const fleet::Link& link);

}  // namespace convoy::plan
