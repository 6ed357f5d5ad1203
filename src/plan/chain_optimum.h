// The shortest period along the graph's order, with or without a device that has to be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/chain_search.h"
#include "plan/cost_graph.h"
#include "plan/device_kinds.h"
#include "plan/plan.h"
#include "plan/shortfall.h"

namespace convoy::plan {

// How hard to look. The steps bound the time: a million takes about half a second.
struct Effort {
  double tolerance = 1e-9;  // of the period, as a fraction
  std::int64_t steps = 4'000'000;
};
// For what is only told, not planned.
inline constexpr Effort kGlance{.tolerance = 1e-3, .steps = 300'000};

// Sets of devices; of more each search is slow, so fewer searches are made.
inline constexpr std::size_t kFewSets = 1024;

struct ChainOptimum {
  Placement placement;
  Seconds period{0};
  Seconds bound{0};  // no placement in this order is below; close to `period` unless steps ran out
  std::vector<DeviceId> left_out;  // of the search
  std::size_t sets = 1;            // of devices that were looked at
};

// The best placement in the graph's order that meets the requirement, none having a period below
// `least`; or whether nothing fits, or nothing was found in time. The problem is a plain one.
[[nodiscard]] std::expected<ChainOptimum, ChainSearch::Outcome> chain_optimum(
    const CostGraph& graph, const fleet::Fleet& fleet, Seconds least, Effort effort,
    std::optional<Requirement> required = std::nullopt);

// Whether any placement in the graph's order fits the memories, of a plain problem.
[[nodiscard]] Fit chain_fit(const CostGraph& graph, const fleet::Fleet& fleet);

// Whether it is a problem of convoy's own models and fleets, as ChainSearch understands them: no
// groups, no backward pass, no multicast, no device that transfers keep from computing.
[[nodiscard]] bool is_plain(const CostGraph& graph, const fleet::Fleet& fleet);

}  // namespace convoy::plan
