#include "onnx/partition.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace convoy::onnx {

namespace {

// Collects the nodes of each part, then what crosses between them.
class PartsBuilder {
 public:
  PartsBuilder(const Graph& graph, const Partition& partition)
      : graph_(graph), part_of_(partition.part_of), copied_(copied_nodes(graph)),
        parts_(partition.parts), members_(partition.parts) {}

  Result<ById<PartId, Part>> run() {
    if (Result<void> done = place_nodes(); !done) return std::unexpected(done.error());
    for (const ValueId value : graph_.outputs) give_output(value);
    for (const PartId part : parts_.ids()) connect(part);
    for (const PartId part : parts_.ids()) finish(part);
    return std::move(parts_);
  }

 private:
  Result<void> place_nodes() {
    for (const NodeId id : graph_.nodes.ids()) {
      if (copied_[id]) continue;
      assert(part_of_[id].index() < parts_.size());
      for (const ValueId value : graph_.nodes[id].reads) {
        const auto producer = graph_.values[value].producer;
        if (!producer || copied_[*producer] || part_of_[*producer] <= part_of_[id]) continue;
        return fail(ErrorKind::input, "part {} cannot run before part {}: {} reads \"{}\" from {}",
                    part_of_[id].index() + 1, part_of_[*producer].index() + 1, label_of(graph_, id),
                    graph_.values[value].name, label_of(graph_, *producer));
      }
      add_node(part_of_[id], id);
    }
    for (const PartId part : parts_.ids()) {
      if (!members_[part].empty() || parts_.size() == 1) continue;
      return fail(ErrorKind::input, "part {} of {} has no nodes", part.index() + 1, parts_.size());
    }
    return {};
  }

  // Adds a node and all copied nodes that it depends on.
  void add_node(PartId part, NodeId id) {
    std::vector<NodeId> open = {id};
    while (!open.empty()) {
      const NodeId at = open.back();
      open.pop_back();
      if (!members_[part].insert(at).second) continue;
      for (const ValueId value : graph_.nodes[at].reads) {
        const auto producer = graph_.values[value].producer;
        if (producer && copied_[*producer]) open.push_back(*producer);
      }
    }
  }

  // The first part with a node that satisfies the condition, or part 0.
  template <class Condition>
  PartId first_part(Condition condition) const {
    for (const PartId part : parts_.ids()) {
      if (std::ranges::any_of(members_[part], condition)) return part;
    }
    return PartId(0);
  }

  // Decides which part has this graph output.
  void give_output(ValueId id) {
    const Value& value = graph_.values[id];
    if (value.producer && !copied_[*value.producer]) {
      parts_[part_of_[*value.producer]].outputs.push_back(id);
      return;
    }
    PartId owner;
    if (value.producer) {
      owner = first_part([&](NodeId node) { return node == *value.producer; });
      add_node(owner, *value.producer);
    } else {
      owner = first_part([&](NodeId node) {
        return std::ranges::binary_search(value.consumers, node);
      });
    }
    parts_[owner].outputs.push_back(id);
  }

  // Finds what the part reads from outside of it.
  void connect(PartId id) {
    Part& part = parts_[id];
    part.nodes.assign(members_[id].begin(), members_[id].end());
    std::set<WeightId> weights;
    std::set<ValueId> fed;
    std::set<std::pair<NodeId, ValueId>> crossing;
    const auto use = [&](ValueId read) {
      const Value& value = graph_.values[read];
      if (value.weight) weights.insert(*value.weight);
      if (value.is_input) fed.insert(read);
      if (!value.producer || members_[id].contains(*value.producer)) return;
      crossing.emplace(*value.producer, read);
      if (!value.is_output) sent_.emplace(*value.producer, read);
    };
    for (const NodeId node : part.nodes) std::ranges::for_each(graph_.nodes[node].reads, use);
    std::ranges::for_each(part.outputs, use);
    for (const ValueId input : graph_.inputs) {
      if (fed.contains(input)) part.inputs.push_back(input);
    }
    for (const auto& [producer, value] : crossing) part.inputs.push_back(value);
    part.weights.assign(weights.begin(), weights.end());
  }

  // Adds what other parts read from this one.
  void finish(PartId id) {
    for (const auto& [producer, value] : sent_) {
      if (part_of_[producer] == id) parts_[id].outputs.push_back(value);
    }
  }

  const Graph& graph_;
  const ById<NodeId, PartId>& part_of_;
  const ById<NodeId, bool> copied_;
  ById<PartId, Part> parts_;
  ById<PartId, std::set<NodeId>> members_;
  std::set<std::pair<NodeId, ValueId>> sent_;  // values that cross and are no graph outputs
};

}  // namespace

Result<ById<PartId, Part>> parts_of(const Graph& graph, const Partition& partition) {
  assert(partition.part_of.size() == graph.nodes.size() && partition.parts > 0);
  return PartsBuilder(graph, partition).run();
}

Result<Partition> partition_of_nodes(const Graph& graph,
                                     std::span<const std::vector<std::string>> parts) {
  std::unordered_map<std::string, NodeId> by_name;
  for (const NodeId node : graph.nodes.ids()) by_name.emplace(graph.nodes[node].name, node);
  Partition partition{.parts = parts.size(),
                      .part_of = ById<NodeId, PartId>(graph.nodes.size())};
  ById<NodeId, bool> given(graph.nodes.size());
  for (std::size_t part = 0; part < parts.size(); ++part) {
    for (const std::string& name : parts[part]) {
      const auto node = by_name.find(name);
      if (node == by_name.end()) {
        return fail(ErrorKind::input, "the model has no node \"{}\"", name);
      }
      if (given[node->second]) return fail(ErrorKind::input, "the node \"{}\" is given twice", name);
      given[node->second] = true;
      partition.part_of[node->second] = PartId(part);
    }
  }
  const ById<NodeId, bool> copied = copied_nodes(graph);
  for (const NodeId node : graph.nodes.ids()) {
    if (given[node] || copied[node]) continue;
    return fail(ErrorKind::input, "no part has {}", label_of(graph, node));
  }
  return partition;
}

}  // namespace convoy::onnx
