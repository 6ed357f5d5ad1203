// Plans by a solver of the user's own (include/convoy/plugin.h).
#pragma once

#include <string>
#include <vector>

#include "bench/module_source.h"
#include "convoy/plugin.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/marginal.h"
#include "plan/plan.h"
#include "plan/solve.h"

namespace convoy::bench {

// What partitioners and solvers are told of a fleet.
[[nodiscard]] std::vector<DeviceInfo> infos_of(const fleet::Fleet& fleet);

// The solver's placement, checked by plan::verify, evaluated and explained like those of convoy's
// own; it is called once. `name` begins each error and is the plan's solver. Errors: the solver's
// exception; kind input where the placement does not hold; kind infeasible where it exceeds a
// memory.
[[nodiscard]] Result<plan::Plan> solve_by(Solver& solver, const std::string& name,
                                          const plan::CostGraph& graph, const fleet::Fleet& fleet,
                                          const plan::SolveOptions& options = {});

// A solver of solve_by(), made of a C++ file or a shared object, which is loaded once. Its plans
// bear the file's name.
[[nodiscard]] Result<plan::Solver> own_solver(const ModuleSource& source);

}  // namespace convoy::bench
