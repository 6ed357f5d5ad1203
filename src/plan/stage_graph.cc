#include "plan/stage_graph.h"

#include <map>
#include <tuple>

#include "plan/stage_memory.h"

namespace convoy::plan {

StageGraph stage_graph(const CostGraph& graph, const Placement& placement) {
  StageGraph small;
  small.graph.stage_overhead = graph.stage_overhead;
  small.graph.runtime_memory = graph.runtime_memory;
  small.graph.compute = ById<DeviceId, ById<NodeId, Seconds>>(
      graph.compute.size(), ById<NodeId, Seconds>(placement.size(), Seconds(0)));
  std::map<ValueId, ValueId> renumbered;
  const auto value_of = [&](ValueId value) {
    const auto [at, added] = renumbered.emplace(value, ValueId(renumbered.size()));
    if (added) {
      const CostValue& original = graph.values[value];
      small.graph.values.push_back({.name = original.name,
                                    .bytes = original.bytes,
                                    .producer = std::nullopt,
                                    .consumers = {},
                                    .is_output = original.is_output});
    }
    return at->second;
  };
  for (const PlacedStage& placed : placement) {
    const auto& [device, nodes] = std::tie(placed.device, placed.nodes);
    const NodeId stage = small.graph.nodes.push_back({});
    for (const NodeId node : nodes) {
      small.graph.compute[device][stage] += graph.compute[device][node];
    }
    const StagePorts ports = ports_of(graph, nodes);
    for (const ValueId read : ports.inputs) {
      const ValueId value = value_of(read);
      small.graph.nodes[stage].reads.push_back(value);
      small.graph.values[value].consumers.push_back(stage);
    }
    for (const ValueId made : ports.outputs) {
      const ValueId value = value_of(made);
      small.graph.nodes[stage].writes.push_back(value);
      small.graph.values[value].producer = stage;
    }
    small.placement.push_back({.device = device, .nodes = {stage}});
  }
  return small;
}

}  // namespace convoy::plan
