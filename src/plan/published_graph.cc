#include "plan/published_graph.h"

#include <algorithm>
#include <map>

#include "plan/strongly_connected.h"

namespace convoy::plan {

Result<CostGraph> graph_of(const std::vector<PublishedNode>& nodes,
                           const std::vector<std::pair<std::size_t, std::size_t>>& edges) {
  std::vector<std::vector<std::size_t>> readers(nodes.size());
  for (const auto& [from, to] : edges) readers[from].push_back(to);

  CostGraph graph;
  std::vector<NodeId> id_of(nodes.size());
  std::map<std::size_t, GroupId> groups;
  for (const auto& component : strongly_connected(readers)) {
    const std::size_t at = component.front();
    const PublishedNode& node = nodes[at];
    if (component.size() > 1 || std::ranges::contains(readers[at], at)) {
      return fail(ErrorKind::input, "node \"{}\" needs what it makes itself", node.name);
    }
    CostNode made{.name = node.name, .is_backward = node.is_backward};
    if (node.weights > Bytes(0)) made.weights.push_back(graph.weights.push_back(node.weights));
    if (node.group) made.group = groups.emplace(*node.group, GroupId(groups.size())).first->second;
    id_of[at] = graph.nodes.push_back(std::move(made));
    graph.compute.resize(node.compute.size());
    for (std::size_t device = 0; device < node.compute.size(); ++device) {
      graph.compute[DeviceId(device)].push_back(node.compute[device]);
    }
  }
  for (std::size_t at = 0; at < nodes.size(); ++at) {
    CostValue value{.name = nodes[at].name, .bytes = nodes[at].made, .producer = id_of[at]};
    for (const std::size_t reader : readers[at]) value.consumers.push_back(id_of[reader]);
    std::ranges::sort(value.consumers);
    const auto repeated = std::ranges::unique(value.consumers);
    value.consumers.erase(repeated.begin(), repeated.end());
    const ValueId id = graph.values.push_back(std::move(value));
    graph.nodes[id_of[at]].writes.push_back(id);
    for (const NodeId reader : graph.values[id].consumers) graph.nodes[reader].reads.push_back(id);
  }
  graph.stage_overhead = ById<DeviceId, Seconds>(graph.compute.size(), Seconds(0));
  graph.runtime_memory = ById<DeviceId, Bytes>(graph.compute.size());
  return graph;
}

}  // namespace convoy::plan
