// Plans over time for people and as JSON.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/over_time.h"

namespace convoy::plan {

// {source: "modelled", horizon_s, plans: [{stages: [{device, nodes}]}],
//  schedule: [{from_s, to_s, serves_from_s, plan, period_s, served, moved_bytes}], served, exact,
//  fixed: {plan, served}, without_move_costs, online: {served, switches},
//  stored: {served, online_served}}; plans by their place in `plans`, from 0; a period is the mean,
//  null where nothing is served.
[[nodiscard]] std::string to_json(const OverTime& over_time, const CostGraph& graph,
                                  const fleet::Fleet& fleet);

[[nodiscard]] std::string to_text(const OverTime& over_time, const fleet::Fleet& fleet);

}  // namespace convoy::plan
