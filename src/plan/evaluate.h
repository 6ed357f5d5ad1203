// What a placement costs. One evaluator for all solvers and objectives.
#pragma once

#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Period: the largest of each device's compute, and of each shared resource's transfers (by the
// fleet's contention). A value that several stages of one other device read crosses once. Inputs of
// the graph are free: they are fed where they are needed; results are taken where they arise.
// Latency: one request alone, stage after stage as their inputs arrive.
// Memory of a device: runtime overhead, the weights of its stages once each, and per stage the
// largest sum of live values during one request, plus one further copy of its inputs and of its
// outputs (the pipeline's buffers).
// The placement must be valid (verify.h); a stage may not read from a later one.
[[nodiscard]] Figures evaluate(const CostGraph& graph, const fleet::Fleet& fleet,
                               const Placement& placement);

[[nodiscard]] std::vector<Shortage> shortages(const Figures& figures, const fleet::Fleet& fleet);

}  // namespace convoy::plan
