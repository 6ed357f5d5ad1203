// plan.json.
#pragma once

#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// {solver, objective, costs, items, period_s, latency_s, energy_j, bound_s, gap, proven,
//  stages: [{device, nodes, inputs, outputs, compute_s, send_s, sent_bytes, memory_bytes}],
//  critical_path: [{stage, device, start_s, end_s}], of messages also to and bytes (one_request.h;
//  stages are counted from 1), unused: [{device, why}], limits, marginal: [{change, what, value,
//  gain, proven}]}; nodes and values by name. memory_bytes is that of the stage's device. Stages
//  with replicas also have turns: who takes which request of a cycle. bound_s (of energy: bound_j)
//  and gap are null where no bound is known; `costs` says where they come from, and is empty for a
//  published problem; all figures are per request of so many `items`. A marginal `value` is in the
//  objective's unit, s or J; it and `gain` are null where nothing would fit.
[[nodiscard]] std::string to_json(const Plan& plan, const CostGraph& graph,
                                  const fleet::Fleet& fleet);

// Plans of a front (solve_front()), a line each: period, latency, energy, mean power, and who computes
// how much of it.
[[nodiscard]] std::string front_to_text(const std::vector<Plan>& plans, const fleet::Fleet& fleet);
// The same as a list of plans as to_json() writes them: {plans: [...]}.
[[nodiscard]] std::string front_to_json(const std::vector<Plan>& plans, const CostGraph& graph,
                                        const fleet::Fleet& fleet);

// The names of a stage's devices, in their turns; mostly one.
[[nodiscard]] std::vector<std::string> names_in_turn(const PlacedStage& stage,
                                                     const fleet::Fleet& fleet);
// The same of all stages.
[[nodiscard]] std::vector<std::vector<std::string>> names_in_turn(const Placement& placement,
                                                                  const fleet::Fleet& fleet);

// What a plan.json says of who runs what.
struct PlannedStage {
  std::vector<std::string> turns;  // devices that take requests in turn; mostly one
  std::vector<std::string> nodes;
};

// The stages of a plan.json, in their order; at least one. Errors begin with the place in `file`.
[[nodiscard]] Result<std::vector<PlannedStage>> read_stages(const std::string& json,
                                                            const std::string& file);

// For people: the stages as a table, what limits, what is unused and why.
[[nodiscard]] std::string to_text(const Plan& plan, const CostGraph& graph,
                                  const fleet::Fleet& fleet);

}  // namespace convoy::plan
