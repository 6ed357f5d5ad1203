// What limits a plan, in words.
#pragma once

#include <string>
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

// The devices that a placement leaves out, all for one reason.
[[nodiscard]] std::vector<Unused> unused_of(const fleet::Fleet& fleet, const Placement& placement,
                                            const std::string& why);

// Each shortage as a sentence, joined: "phone needs 812 MB and has 512 MB".
[[nodiscard]] std::string describe(const std::vector<Shortage>& shortages,
                                   const fleet::Fleet& fleet);

// Bytes for people, rounded up, so that what is asked for is enough.
[[nodiscard]] std::string at_least(Bytes bytes);

}  // namespace convoy::plan
