// Checks a plan apart from the solvers and the evaluator: shares no code with them.
#pragma once

#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Everything that is wrong with the plan, in sentences; empty when it holds: each node in exactly
// one stage, stages in an order in which they can run, memory within limits, the predicted figures
// right (to a millionth), the bound not above the objective and met where it is called proven.
[[nodiscard]] std::vector<std::string> verify(const CostGraph& graph, const fleet::Fleet& fleet,
                                              const Plan& plan);

// The same of a placement that may be anything: each node in exactly one stage, on a device that
// there is, and stages in an order in which they can run. Memory is left aside.
[[nodiscard]] std::vector<std::string> verify_placement(const CostGraph& graph,
                                                        const fleet::Fleet& fleet,
                                                        const Placement& placement);

}  // namespace convoy::plan
