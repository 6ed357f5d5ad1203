// What limits a plan, in words.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Something that is busy for part of each period: a device, a link, a radio, the medium.
struct Load {
  std::string what;   // "laptop computes", "the link phone -> laptop carries 1.2 MB"
  Seconds time{0};
};

// What crosses from one device to another per request, on average and at most (evaluate.h).
struct Flow {
  double bytes = 0;
  double most_bytes = 0;
};
// Of each ordered pair of devices between which anything does.
[[nodiscard]] std::map<std::pair<DeviceId, DeviceId>, Flow> traffic_of(const CostGraph& graph,
                                                                       const Placement& placement);

// All loads of a placement, the longest first.
[[nodiscard]] std::vector<Load> loads_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                         const Placement& placement, const Figures& figures);

// What sets the period, what comes next, and whose memory is nearly full.
[[nodiscard]] std::vector<std::string> explain(const CostGraph& graph, const fleet::Fleet& fleet,
                                               const Placement& placement, const Figures& figures);

// A plan of a placement and what it costs, explained; no placement has less of the objective than
// `bound`, which the plan may exceed.
[[nodiscard]] Plan explained_plan(std::string solver, const CostGraph& graph,
                                  const fleet::Fleet& fleet, Placement placement, Figures figures,
                                  Objective objective, double bound);

// The same for throughput.
[[nodiscard]] Plan explained_plan(std::string solver, const CostGraph& graph,
                                  const fleet::Fleet& fleet, Placement placement, Figures figures,
                                  Seconds bound);

// Each shortage as a sentence, joined: "phone needs 812 MB and has 512 MB".
[[nodiscard]] std::string describe(const std::vector<Shortage>& shortages,
                                   const fleet::Fleet& fleet);

// Rounded up to the three digits that people are shown, so that what is asked for is enough.
[[nodiscard]] Bytes rounded_up(Bytes bytes);
[[nodiscard]] std::string at_least(Bytes bytes);

}  // namespace convoy::plan
