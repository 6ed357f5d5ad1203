// What one request alone occupies, and when.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// A device that computes a stage, or its message to another.
struct Step {
  StageId stage;
  DeviceId device;
  std::optional<DeviceId> to;  // none: it computes
  Seconds start{0};
  Seconds end{0};  // of a message: of its transfer, without the link's latency
  Bytes bytes{0};  // of a message
  // The step that it waited for; none: it began at once.
  std::optional<std::size_t> after = std::nullopt;
};

// In the order of the stages, each followed by its messages; as evaluate() counts the latency,
// which is the last end of a stage. `stages`: their figures, of which inputs and outputs are read.
[[nodiscard]] std::vector<Step> one_request(const CostGraph& graph, const fleet::Fleet& fleet,
                                            const Placement& placement,
                                            const std::vector<StageFigures>& stages);

// The steps that make up the latency, from the first to the one that ends last. Each ends here when
// the next begins, so that a message for which a stage waits ends when it has arrived.
[[nodiscard]] std::vector<Step> critical_path(const std::vector<Step>& steps);

}  // namespace convoy::plan
