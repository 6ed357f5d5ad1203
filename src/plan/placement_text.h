// Who runs what, in short.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// "phone 12, laptop 40": stages in their order, with how many nodes each has; of many the
// first eight.
[[nodiscard]] std::string to_text(const Placement& placement, const fleet::Fleet& fleet);

// [{device, nodes}], by name.
[[nodiscard]] nlohmann::ordered_json stages_json(const Placement& placement, const CostGraph& graph,
                                                 const fleet::Fleet& fleet);

}  // namespace convoy::plan
