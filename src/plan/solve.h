// The solvers: free functions from a graph and a fleet to a plan.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Of all of them: error kind infeasible says how much memory is missing where, and what would do
// (shortfall.h); devices that are left out are told why (unused.h).

// Whether a plan says why devices are unused, and an error what would make the model fit (`errors`:
// only that). That takes up to two seconds beyond the budget.
enum class Explanation { full, errors, none };
// Whether a stage may be run by several devices in turn (PlacedStage::replicas).
enum class Replicas { none, allowed };

struct SolveOptions {
  Objective objective = Objective::throughput;       // the solvers' comments say what differs for others
  Replicas replicas = Replicas::none;                // search and auto, for throughput: allowed means tried
  Seconds budget{10};                                // of search and auto
  std::uint64_t seed = 1;
  // Asked often, by one thread at a time; true: the best so far will do.
  std::function<bool()> stop = [] { return false; };
  std::optional<Seconds> bound = std::nullopt;       // period_bound(), where it is known already
  Explanation explanation = Explanation::full;
};
// Of latency and energy, all solvers but points and memory keep small what the objective says
// (front_search.h): chain and ideals the exact least of their plans, where labels (stage_search.h) do
// not become too many; search and auto what small changes find from there, too.

// The user's own stages, evaluated and explained. Error kind infeasible when memory is short, with
// the nearest way that fits: the same stages on other devices, another cut in the graph's order, or
// more memory.
[[nodiscard]] Result<Plan> solve_points(const CostGraph& graph, const fleet::Fleet& fleet,
                                        const Placement& placement,
                                        const SolveOptions& options = {});

// The proposal's automatic method: one traversal of the nodes in order; each device in turn takes
// nodes until its share of the memory is used, where its share is its part of the fleet's memory.
// Never drops the tail. Infeasible, with what is missing where, when the model does not fit.
[[nodiscard]] Result<Plan> solve_memory(const CostGraph& graph, const fleet::Fleet& fleet,
                                        const SolveOptions& options = {});

// The shortest period over all ways to give contiguous runs of the nodes, in the graph's order, to
// distinct devices (any subset, any order of devices); compute, transfer and memory counted as
// evaluate() counts them. Exact for that order, values that skip stages included (chain_search.h);
// where the steps that bound its time run out, `limits` says how far it may be off. Of equal
// periods the one with the fewest devices, unless more than ten differ. Identical devices count
// once.
[[nodiscard]] Result<Plan> solve_chain(const CostGraph& graph, const fleet::Fleet& fleet,
                                       const SolveOptions& options = {});

// The shortest period over all contiguous placements, in any order of the nodes (ideal_search.h): of
// published problems, and of graphs whose branches are few. `contiguous_bound` says what is proven.
// Error kind failure: too many ways to cut the graph, or nothing found in time.
[[nodiscard]] Result<Plan> solve_ideals(const CostGraph& graph, const fleet::Fleet& fleet,
                                        const SolveOptions& options = {});

// The shortest period that annealing finds over all placements (annealing.h), contiguous or not, from
// the best contiguous one along a few orders; in so many moves that the budget only ends it early on
// large graphs or slow machines. The same seed gives the same plan where it does not.
[[nodiscard]] Result<Plan> solve_search(const CostGraph& graph, const fleet::Fleet& fleet,
                                        const SolveOptions& options = {});

// The best of all solvers and of each device alone, within the budget; `solver` says which, `limits`
// what the others reach. Solvers that come later are spared where the best is proven.
[[nodiscard]] Result<Plan> solve_auto(const CostGraph& graph, const fleet::Fleet& fleet,
                                      const SolveOptions& options = {});

// Plans of which none is better than another both in throughput and in `other`, latency or energy, the
// shortest period first: what the budget finds of the Pareto front, but for plans that have less than
// half a percent less of `other` than one with a shorter period. A plan's mean power is its energy by
// its period.
[[nodiscard]] Result<std::vector<Plan>> solve_front(const CostGraph& graph,
                                                    const fleet::Fleet& fleet, Objective other,
                                                    const SolveOptions& options = {});

}  // namespace convoy::plan
