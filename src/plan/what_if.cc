#include "plan/what_if.h"

namespace convoy::plan {
namespace {

template <class T>
ById<DeviceId, T> all_but(DeviceId left_out, const ById<DeviceId, T>& of_devices) {
  ById<DeviceId, T> rest;
  for (const DeviceId device : of_devices.ids()) {
    if (device != left_out) rest.push_back(of_devices[device]);
  }
  return rest;
}

}  // namespace

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

Problem without(const CostGraph& graph, const fleet::Fleet& fleet, DeviceId device) {
  Problem less{.graph = graph, .fleet = fleet};
  less.graph.compute = all_but(device, graph.compute);
  less.graph.stage_overhead = all_but(device, graph.stage_overhead);
  less.graph.runtime_memory = all_but(device, graph.runtime_memory);
  less.fleet.devices = all_but(device, fleet.devices);
  less.fleet.links = all_but(device, fleet.links);
  for (auto& row : less.fleet.links) row = all_but(device, row);
  return less;
}

}  // namespace convoy::plan
