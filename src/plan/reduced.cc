#include "plan/reduced.h"

namespace convoy::plan {

Placement Reduced::restored(Placement placement) const {
  for (PlacedStage& stage : placement) {
    stage.device = original[stage.device];
    for (Replica& replica : stage.replicas) replica.device = original[replica.device];
  }
  return placement;
}

Reduced reduced(const CostGraph& graph, const fleet::Fleet& fleet,
                const ById<DeviceId, bool>& present) {
  Reduced result{.problem = {.graph = graph, .fleet = fleet}, .original = {}};
  auto& [left_graph, left_fleet] = result.problem;
  left_graph.compute = {};
  left_graph.stage_overhead = {};
  left_graph.runtime_memory = {};
  left_fleet.devices = {};
  left_fleet.links = {};
  for (const DeviceId device : fleet.devices.ids()) {
    if (!present[device]) continue;
    result.original.push_back(device);
    left_graph.compute.push_back(graph.compute[device]);
    left_graph.stage_overhead.push_back(graph.stage_overhead[device]);
    left_graph.runtime_memory.push_back(graph.runtime_memory[device]);
    left_fleet.devices.push_back(fleet.devices[device]);
    ById<DeviceId, fleet::Link> row;
    for (const DeviceId to : fleet.devices.ids()) {
      if (present[to]) row.push_back(fleet.links[device][to]);
    }
    left_fleet.links.push_back(std::move(row));
  }
  return result;
}

}  // namespace convoy::plan
