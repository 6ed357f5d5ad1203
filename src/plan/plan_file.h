// plan.json.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// {solver, objective, period_s, latency_s, energy_j, bound_s, gap, proven,
//  stages: [{device, nodes, inputs, outputs, compute_s, send_s, memory_bytes}],
//  unused: [{device, why}], limits}; nodes and values by name.
[[nodiscard]] std::string to_json(const Plan& plan, const CostGraph& graph,
                                  const fleet::Fleet& fleet);

// For people: the stages as a table, what limits, what is unused and why.
[[nodiscard]] std::string to_text(const Plan& plan, const CostGraph& graph,
                                  const fleet::Fleet& fleet);

// The stages of a plan.json as placement of this graph on this fleet. Errors: an unknown device or
// node (the file was made for another model).
[[nodiscard]] Result<Placement> read_placement(const std::string& json, const CostGraph& graph,
                                               const fleet::Fleet& fleet);

}  // namespace convoy::plan
