#include "plan/another_device.h"

namespace convoy::plan {
Problem with_another(const CostGraph& graph, const fleet::Fleet& fleet, DeviceId device) {
  Problem more{.graph = graph, .fleet = fleet};
  more.graph.compute.push_back(graph.compute[device]);
  more.graph.stage_overhead.push_back(graph.stage_overhead[device]);
  more.graph.runtime_memory.push_back(graph.runtime_memory[device]);
  const DeviceId added = more.fleet.devices.push_back(fleet.devices[device]);
  const fleet::Link own = fleet.links[device][device];
  const fleet::Link between =
      own.bandwidth.value() > 0 ? own : fleet::Link{.bandwidth = fleet.fastest_link(device)};
  for (const DeviceId other : fleet.devices.ids()) {
    more.fleet.links[other].push_back(other == device ? between : fleet.links[other][device]);
  }
  more.fleet.links.push_back(fleet.links[device]);
  more.fleet.links[added][device] = between;
  more.fleet.links[added].push_back({});
  return more;
}

}  // namespace convoy::plan
