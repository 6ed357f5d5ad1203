// Standby plans for people and in plan.json.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/standby.h"

namespace convoy::plan {

// A plan.json with two more members. All figures are modelled.
// standby: [{lost, period_before_s, period_s, move_bytes, move_s, move_bytes_stored, move_s_stored,
//   stages: [{device, nodes}]}], or [{lost, why}] where no plan fits; a time is null where weights
//   cannot come;
// store: [{device, weights_bytes, weights}], weights by their numbers in the model.
[[nodiscard]] std::string with_standby(const std::string& plan_json, const StandbyPlans& standby,
                                       Seconds period_before, const CostGraph& graph,
                                       const fleet::Fleet& fleet);

[[nodiscard]] std::string to_text(const StandbyPlans& standby, Seconds period_before,
                                  const fleet::Fleet& fleet);

}  // namespace convoy::plan
