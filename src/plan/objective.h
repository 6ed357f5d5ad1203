// What a plan is to keep small.
#pragma once

#include <optional>
#include <string_view>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// "throughput", "latency", "energy".
[[nodiscard]] std::string_view name_of(Objective objective);
[[nodiscard]] std::optional<Objective> parse_objective(std::string_view text);

// What the objective wants small of a placement: its period or latency in seconds, or its energy
// per request in joules.
[[nodiscard]] double value_of(const Figures& figures, Objective objective);

// "31.2 ms", "0.42 J".
[[nodiscard]] std::string text_of(double value, Objective objective);

// No placement has a smaller value. Throughput: period_bound(). Latency: the longest path of nodes,
// each on the device that is quickest at it. Energy: each node on the device that spends least on
// it, none of which ever waits. The last two leave transfers and memory aside.
[[nodiscard]] double objective_bound(const CostGraph& graph, const fleet::Fleet& fleet,
                                     Objective objective);

// An error of kind input where the objective means nothing: energy where the power of a device is
// not known, the latency of a training graph.
[[nodiscard]] Result<void> check_objective(const CostGraph& graph, const fleet::Fleet& fleet,
                                           Objective objective);

}  // namespace convoy::plan
