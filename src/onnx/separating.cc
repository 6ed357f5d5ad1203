// separating_cuts: articulation points by Hopcroft and Tarjan (CACM 16(6), 1973), without recursion.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "onnx/articulation.h"
#include "onnx/cut_line.h"

namespace convoy::onnx {

namespace {

// The graph without directions: placed nodes and the values that they make are vertices, each value
// adjacent to its producer and its consumers; some are left out, such as shapes, which may cross. A
// value separates if without it no consumer is connected to the producer.
class ArticulationSearch {
 public:
  ArticulationSearch(const Graph& graph, const ById<ValueId, bool>& left_out)
      : graph_(graph), copied_(copied_nodes(graph)), left_out_(left_out),
        nodes_(graph.nodes.size()), adjacent_(nodes_ + graph.values.size()),
        found_(adjacent_.size()), low_(adjacent_.size()), below_(adjacent_.size()),
        root_(adjacent_.size()), children_(adjacent_.size()) {
    for (const NodeId node : graph.nodes.ids()) {
      if (copied_[node]) continue;
      ++placed_;
      for (const ValueId value : graph.nodes[node].writes) connect(node, value);
      for (const ValueId value : graph.nodes[node].reads) {
        const auto producer = graph.values[value].producer;
        if (producer && !copied_[*producer] && !left_out_[value]) connect(node, value);
      }
    }
  }

  std::vector<SeparatingCut> run() {
    for (std::size_t node = 0; node < nodes_; ++node) {
      if (found_[node] == 0 && !copied_[NodeId(node)]) search(node);
    }
    std::vector<SeparatingCut> cuts;
    for (const ValueId value : graph_.values.ids()) {
      const auto producer = graph_.values[value].producer;
      if (!producer || copied_[*producer] || left_out_[value]) continue;
      if (const std::size_t behind = nodes_behind(value); behind > 0) {
        cuts.push_back({.value = value, .nodes_before = placed_ - behind});
      }
    }
    return cuts;
  }

  // After run(): the same number for placed nodes that are connected.
  std::size_t tree_of(NodeId node) const { return root_[node.index()]; }

 private:
  using Vertex = std::size_t;  // nodes first, then values

  Vertex vertex_of(ValueId value) const { return nodes_ + value.index(); }

  void connect(NodeId node, ValueId value) {
    adjacent_[node.index()].push_back(vertex_of(value));
    adjacent_[vertex_of(value)].push_back(node.index());
  }

  void search(Vertex root) {
    struct Step {
      Vertex vertex;
      Vertex parent;
      std::size_t next = 0;  // edge to follow
    };
    std::vector<Step> path;
    const auto enter = [&](Vertex vertex, Vertex parent) {
      found_[vertex] = low_[vertex] = ++time_;
      below_[vertex] = vertex < nodes_ ? 1 : 0;
      root_[vertex] = root;
      path.push_back({.vertex = vertex, .parent = parent});
    };
    enter(root, root);
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next < adjacent_[step.vertex].size()) {
        const Vertex to = adjacent_[step.vertex][step.next++];
        if (found_[to] == 0) {
          children_[step.vertex].push_back(to);
          enter(to, step.vertex);
        } else if (to != step.parent) {
          low_[step.vertex] = std::min(low_[step.vertex], found_[to]);
        }
        continue;
      }
      const Step done = step;
      path.pop_back();
      if (path.empty()) break;
      low_[done.parent] = std::min(low_[done.parent], low_[done.vertex]);
      below_[done.parent] += below_[done.vertex];
    }
  }

  // What remains connected without `value`: the subtree of a child that has no way around it, named
  // by the child; or the rest, named by the value itself.
  Vertex side_of(Vertex value, Vertex neighbour) const {
    if (found_[neighbour] < found_[value]) return value;
    const std::vector<Vertex>& children = children_[value];
    const auto after = std::ranges::upper_bound(children, found_[neighbour], {},
                                                [&](Vertex child) { return found_[child]; });
    const Vertex child = *(after - 1);
    return low_[child] >= found_[value] ? child : value;
  }

  // Placed nodes of all sides with consumers; 0 if there are none or the producer's side is among
  // them.
  std::size_t nodes_behind(ValueId id) const {
    const Vertex value = vertex_of(id);
    const Vertex front = side_of(value, graph_.values[id].producer->index());
    std::set<Vertex> back;
    for (const NodeId consumer : graph_.values[id].consumers) {
      back.insert(side_of(value, consumer.index()));
    }
    if (back.contains(front)) return 0;
    std::size_t behind = 0;
    for (const Vertex side : back) {
      if (side != value) {
        behind += below_[side];
        continue;
      }
      behind += below_[root_[value]];
      for (const Vertex child : children_[value]) {
        if (low_[child] >= found_[value]) behind -= below_[child];
      }
    }
    return behind;
  }

  const Graph& graph_;
  const ById<NodeId, bool> copied_;
  const ById<ValueId, bool>& left_out_;
  const std::size_t nodes_;
  std::size_t placed_ = 0;
  std::size_t time_ = 0;
  std::vector<std::vector<Vertex>> adjacent_;
  std::vector<std::size_t> found_;   // when the search came by; 0: not yet
  std::vector<std::size_t> low_;     // earliest vertex within reach of the subtree by one back edge
  std::vector<std::size_t> below_;   // nodes of the subtree
  std::vector<Vertex> root_;
  std::vector<std::vector<Vertex>> children_;
};

// Shapes cross, but only forwards: a front that reads a shape from the back is none. And nodes that
// hang on shapes alone follow them. Where the nodes' order itself has a place that nothing but the
// value crosses, all is forwards, and what follows the back is known; else partition_at finds out.
class ShapeRules {
 public:
  ShapeRules(const Graph& graph, const ById<ValueId, bool>& shapes,
             const ArticulationSearch& search, std::size_t tree)
      : graph_(graph), search_(search), tree_(tree), copied_(copied_nodes(graph)),
        next_lone_(graph.nodes.size() + 2, never) {
    find_lone_places(shapes);
    find_followers();
  }

  // Whether the cut stands; sets its nodes_before.
  bool apply(SeparatingCut& cut) const {
    const Value& value = graph_.values[cut.value];
    const std::size_t place = next_lone_[value.producer->index() + 1];
    if (search_.tree_of(*value.producer) != tree_ || place > value.consumers.front().index()) {
      return apply_slowly(cut);
    }
    cut.nodes_before -= static_cast<std::size_t>(
        followers_.end() - std::ranges::lower_bound(followers_, place));
    return true;
  }

 private:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  bool apply_slowly(SeparatingCut& cut) const {
    const CutLine line{.values = {graph_.values[cut.value].name}};
    const Result<Partition> partition = partition_at(graph_, std::span(&line, 1), Advice::none);
    if (!partition) return false;
    cut.nodes_before = 0;
    for (const NodeId node : graph_.nodes.ids()) {
      if (!copied_[node] && partition->part_of[node] == PartId(0)) ++cut.nodes_before;
    }
    return true;
  }

  // Places before a node that one value crosses, shapes aside.
  void find_lone_places(const ById<ValueId, bool>& shapes) {
    std::vector<std::int64_t> change(graph_.nodes.size() + 2);
    for (const ValueId id : graph_.values.ids()) {
      const Value& value = graph_.values[id];
      if (!value.producer || copied_[*value.producer] || shapes[id]) continue;
      if (value.consumers.empty()) continue;
      ++change[value.producer->index() + 1];
      --change[value.consumers.back().index() + 1];
    }
    std::int64_t crossing = 0;
    for (std::size_t place = 0; place <= graph_.nodes.size(); ++place) {
      crossing += change[place];
      if (crossing == 1) next_lone_[place] = place;
    }
    for (std::size_t place = graph_.nodes.size() + 1; place-- > 0;) {
      next_lone_[place] = std::min(next_lone_[place], next_lone_[place + 1]);
    }
  }

  // The last node of the tree that each node outside of it depends on; what is tied together, together.
  void find_followers() {
    std::map<std::size_t, std::size_t> last;  // by tree
    for (bool moved = true; moved;) {
      moved = false;
      for (const NodeId node : graph_.nodes.ids()) {
        if (copied_[node] || search_.tree_of(node) == tree_) continue;
        std::size_t& own = last[search_.tree_of(node)];  // 0: none, else one more than the node
        for (const ValueId value : graph_.nodes[node].reads) {
          const auto producer = graph_.values[value].producer;
          if (!producer || copied_[*producer]) continue;
          const std::size_t tree = search_.tree_of(*producer);
          const std::size_t there = tree == tree_ ? producer->index() + 1 : last[tree];
          if (there <= own) continue;
          own = there;
          moved = true;
        }
      }
    }
    for (const NodeId node : graph_.nodes.ids()) {
      if (copied_[node] || search_.tree_of(node) == tree_) continue;
      if (const std::size_t there = last[search_.tree_of(node)]; there > 0) {
        followers_.push_back(there - 1);
      }
    }
    std::ranges::sort(followers_);
  }

  const Graph& graph_;
  const ArticulationSearch& search_;
  const std::size_t tree_;
  const ById<NodeId, bool> copied_;
  std::vector<std::size_t> next_lone_;  // by place: the next lone one
  std::vector<std::size_t> followers_;  // for each node outside the tree, ascending
};

}  // namespace

std::vector<ValueId> articulation_values(const Graph& graph, const ById<ValueId, bool>& left_out) {
  std::vector<ValueId> values;
  for (const SeparatingCut& cut : ArticulationSearch(graph, left_out).run()) {
    values.push_back(cut.value);
  }
  return values;
}

std::vector<SeparatingCut> separating_cuts(const Graph& graph) {
  const ById<ValueId, bool> shapes = shape_values(graph);
  ArticulationSearch search(graph, shapes);
  std::vector<SeparatingCut> cuts = search.run();
  if (!cuts.empty() && std::ranges::contains(shapes, true)) {
    const NodeId node = *graph.values[cuts.front().value].producer;
    const ShapeRules rules(graph, shapes, search, search.tree_of(node));
    std::erase_if(cuts, [&](SeparatingCut& cut) { return !rules.apply(cut); });
  }
  std::ranges::sort(cuts, {}, [](const SeparatingCut& cut) {
    return std::tuple(cut.nodes_before, cut.value);
  });
  return cuts;
}

}  // namespace convoy::onnx
