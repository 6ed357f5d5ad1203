#include "plan/stage_memory.h"

#include <algorithm>
#include <map>

namespace convoy::plan {
namespace {

Bytes sum_of(const CostGraph& graph, const std::vector<ValueId>& values) {
  Bytes sum{0};
  for (const ValueId value : values) sum += graph.values[value].bytes;
  return sum;
}

// The largest sum of values made in the stage and still needed, and of a node's workspace.
Bytes peak_of_made_values(const CostGraph& graph, const std::vector<NodeId>& nodes,
                          const std::vector<ValueId>& outputs) {
  std::map<NodeId, std::vector<ValueId>> freed_after;  // values by the last node that needs them
  for (const NodeId node : nodes) {
    for (const ValueId value : graph.nodes[node].writes) {
      if (std::ranges::binary_search(outputs, value)) continue;
      NodeId last = node;
      for (const NodeId consumer : graph.values[value].consumers) last = std::max(last, consumer);
      freed_after[last].push_back(value);
    }
  }
  Bytes live{0};
  Bytes peak{0};
  for (const NodeId node : nodes) {
    live += sum_of(graph, graph.nodes[node].writes);
    peak = std::max(peak, live + graph.nodes[node].workspace);
    if (const auto freed = freed_after.find(node); freed != freed_after.end()) {
      live -= sum_of(graph, freed->second);
    }
  }
  return peak;
}

}  // namespace

StagePorts ports_of(const CostGraph& graph, const std::vector<NodeId>& nodes) {
  const auto elsewhere = [&](NodeId node) { return !std::ranges::binary_search(nodes, node); };
  StagePorts ports;
  for (const NodeId node : nodes) {
    for (const ValueId value : graph.nodes[node].reads) {
      const auto producer = graph.values[value].producer;
      if (!producer || elsewhere(*producer)) ports.inputs.push_back(value);
    }
    for (const ValueId value : graph.nodes[node].writes) {
      const CostValue& made = graph.values[value];
      if (made.is_output || std::ranges::any_of(made.consumers, elsewhere)) {
        ports.outputs.push_back(value);
      }
    }
  }
  std::ranges::sort(ports.inputs);
  const auto repeated = std::ranges::unique(ports.inputs);
  ports.inputs.erase(repeated.begin(), repeated.end());
  std::ranges::sort(ports.outputs);
  return ports;
}

Bytes activation_memory(const CostGraph& graph, const std::vector<NodeId>& nodes,
                        const StagePorts& ports) {
  return 2 * sum_of(graph, ports.inputs) + peak_of_made_values(graph, nodes, ports.outputs) +
         sum_of(graph, ports.outputs);
}

Bytes model_memory(const CostGraph& graph) {
  std::vector<NodeId> nodes;
  for (const NodeId node : graph.nodes.ids()) nodes.push_back(node);
  Bytes sum = activation_memory(graph, nodes, ports_of(graph, nodes));
  for (const Bytes weight : graph.weights) sum += weight;
  return sum;
}

}  // namespace convoy::plan
