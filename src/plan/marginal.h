// What a plan would gain from a change of the fleet, and what each device is worth to it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/solve.h"

namespace convoy::plan {

using Solver =
    std::function<Result<Plan>(const CostGraph&, const fleet::Fleet&, const SolveOptions&)>;

// What the plan's objective becomes, each found by planning the changed problem anew:
// - with one more device of each kind (device_kinds.h);
// - with what transfers share twice as fast: each link that the plan uses, each such device's
// radio,
//   or the medium; and all links together;
// - with 256 MB more on a device of each kind that has not the memory for the whole model;
// - without a device of each kind that it uses.
// A change that cannot hurt is never reported to. Where a bound of the changed problem shows that
// nothing can be gained, nothing is planned. What is busiest comes first and devices to do without
// last; when options.budget is spent or options.stop says so, the rest is left out. The most
// helpful first.
[[nodiscard]] std::vector<Marginal> marginal_values(const CostGraph& graph,
                                                    const fleet::Fleet& fleet, const Plan& plan,
                                                    const Solver& solver,
                                                    const SolveOptions& options);

// "one more phone: period 31.2 ms instead of 40.1 ms (22 % less)".
[[nodiscard]] std::string to_text(const Marginal& marginal, const Plan& plan);

// Less is not worth a word.
inline constexpr double kLeastGain = 0.005;

}  // namespace convoy::plan
