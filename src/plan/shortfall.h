// What is missing where no plan fits the memories, and what would do.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "plan/cost_graph.h"
#include "plan/solve.h"

namespace convoy::plan {

// What a search for any plan that fits says.
enum class Fit { found, none, unknown };
using FitSearch = std::function<Fit(const CostGraph& graph, const fleet::Fleet& fleet)>;

// So much more memory on a device; none: on each that has a limit.
struct MoreMemory {
  std::optional<DeviceId> device;
  Bytes more{0};
};

// Each entry alone makes the search find a plan.
struct Shortfall {
  Bytes whole{0};                  // what one device would need at least, for all of the model
  Bytes available{0};              // of the whole fleet
  std::vector<MoreMemory> memory;  // the smallest first; one device of each kind
  std::vector<DeviceId> another;   // one more of a device would do
  // A hundredth less of `memory` is proven not to do; else it was not found to.
  bool is_least = false;
};

// Bisects over the search. At most eight kinds of devices are looked at; when `stop` says so,
// amounts stay as they are by then: enough, but more than need be.
[[nodiscard]] Shortfall shortfall(const CostGraph& graph, const fleet::Fleet& fleet,
                                  const FitSearch& fit, const std::function<bool()>& stop);

// The same as an error of kind infeasible, within two seconds or until `stop`. `claim`: what was
// found not to fit, "no split in the model's order fits its devices"; without explanation it is
// all.
[[nodiscard]] std::unexpected<Error> does_not_fit(const CostGraph& graph, const fleet::Fleet& fleet,
                                                  std::string_view claim, const FitSearch& fit,
                                                  const SolveOptions& options);

}  // namespace convoy::plan
