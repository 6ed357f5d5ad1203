#include "plan/problem.h"

namespace convoy::plan {

Result<void> check_solvable(const CostGraph& graph, const fleet::Fleet& fleet) {
  if (fleet.devices.empty()) return fail(ErrorKind::input, "the fleet has no devices");
  if (graph.nodes.empty()) return fail(ErrorKind::input, "the model has no nodes to place");
  return {};
}

}  // namespace convoy::plan
