#include "onnx/boxes.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "foundation/units.h"
#include "onnx/blocks.h"
#include "onnx/common_name.h"
#include "onnx/cut_line.h"

namespace convoy::onnx {

namespace {

constexpr std::size_t kMostGroups = 80;   // what a drawing can show
constexpr std::size_t kSpelledOut = 4;    // nodes whose operators all stand in the title
constexpr std::size_t kListedValues = 3;  // of a box of values, each on a line
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// Nodes that become one box.
struct Group {
  std::vector<NodeId> nodes;
  PartId part;
  std::size_t times = 1;  // blocks
  std::string first;      // the name of the first block, and of the last
  std::string last;
};

// The nodes of a graph in groups, which only grow.
class Grouping {
 public:
  Grouping(const Model& model, const Graph& graph, const Partition& partition)
      : graph_(graph),
        partition_(partition),
        placed_(graph.nodes.size(), true),
        shapes_(shape_values(graph)),
        group_of_(graph.nodes.size(), kNone) {
    const ById<NodeId, bool> copied = copied_nodes(graph);
    if (std::ranges::contains(copied, false)) {
      for (const NodeId node : graph.nodes.ids()) placed_[node] = !copied[node];
    }
    add_blocks(repeated_blocks(model, graph));
    for (const NodeId node : graph.nodes.ids()) {
      if (placed_[node] && group_of_[node] == kNone) {
        add({.nodes = {node},
             .part = partition.part_of[node],
             .times = 1,
             .first = "",
             .last = ""});
      }
    }
    merge_chains();
    if (count() > kMostGroups) merge_segments();
    sort_nodes();
    if (count() > kMostGroups) merge_neighbours();
    sort_nodes();
  }

  bool is_placed(NodeId node) const { return placed_[node]; }
  bool is_shape(ValueId value) const { return shapes_[value]; }
  std::size_t group_of(NodeId node) const { return group_of_[node]; }
  // Some are empty: they were merged into others.
  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(groups_, [](const Group& group) { return !group.nodes.empty(); }));
  }

  void add(Group group) {
    for (const NodeId node : group.nodes) group_of_[node] = groups_.size();
    groups_.push_back(std::move(group));
  }

  // Successive blocks of a run that lie in one part.
  void add_blocks(const std::vector<BlockRun>& runs) {
    for (const BlockRun& run : runs) {
      std::optional<PartId> last;
      for (const Block& block : run.blocks) {
        const PartId part = partition_.part_of[block.nodes.front()];
        const bool together = std::ranges::all_of(
            block.nodes, [&](NodeId node) { return partition_.part_of[node] == part; });
        if (!together) {
          last.reset();
        } else if (last == part) {
          Group& group = groups_.back();
          ++group.times;
          group.last = block.name;
          for (const NodeId node : block.nodes) group_of_[node] = groups_.size() - 1;
          group.nodes.insert(group.nodes.end(), block.nodes.begin(), block.nodes.end());
        } else {
          add({.nodes = block.nodes,
               .part = part,
               .times = 1,
               .first = block.name,
               .last = block.name});
          last = part;
        }
      }
    }
  }

  void merge(std::size_t into, std::size_t from) {
    Group& target = groups_[into];
    Group& source = groups_[from];
    for (const NodeId node : source.nodes) group_of_[node] = into;
    target.nodes.insert(target.nodes.end(), source.nodes.begin(), source.nodes.end());
    source.nodes.clear();
  }

  void sort_nodes() {
    for (Group& group : groups_) std::ranges::sort(group.nodes);
  }

  bool may_merge(std::size_t a, std::size_t b) const {
    return a != b && groups_[a].part == groups_[b].part && groups_[a].first.empty() &&
           groups_[b].first.empty();
  }

  // Whom a group hands values to, and from whom it takes them; ports of the model count as others.
  void merge_chains() {
    std::vector<std::set<std::size_t>> after(groups_.size());
    std::vector<std::set<std::size_t>> before(groups_.size());
    for (const ValueId id : graph_.values.ids()) {
      const Value& value = graph_.values[id];
      const bool made = value.producer && placed_[*value.producer];
      const std::size_t from = made ? group_of_[*value.producer] : kNone;
      if (made && value.is_output) after[from].insert(kNone);
      if (!made && !(value.is_input && !value.weight)) continue;
      for (const NodeId consumer : value.consumers) {
        if (!placed_[consumer] || group_of_[consumer] == from) continue;
        if (made) after[from].insert(group_of_[consumer]);
        before[group_of_[consumer]].insert(from);
      }
    }
    for (std::size_t head = 0; head < groups_.size(); ++head) {
      // A chain is taken at its first group.
      const auto link = [&](std::size_t from) {
        if (after[from].size() != 1) return kNone;
        const std::size_t to = *after[from].begin();
        return to != kNone && before[to].size() == 1 && may_merge(from, to) ? to : kNone;
      };
      if (before[head].size() == 1) {
        const std::size_t previous = *before[head].begin();
        if (previous != kNone && link(previous) == head) continue;
      }
      std::vector<std::size_t> chain;
      for (std::size_t at = link(head); at != kNone; at = link(at)) chain.push_back(at);
      for (const std::size_t at : chain) merge(head, at);
    }
  }

  // What values tie together that do not separate the model.
  void merge_segments() {
    std::set<ValueId> separating;
    for (const SeparatingCut& cut : separating_cuts(graph_)) separating.insert(cut.value);
    for (const ValueId id : graph_.values.ids()) {
      const Value& value = graph_.values[id];
      if (!value.producer || !placed_[*value.producer]) continue;
      if (shapes_[id] || separating.contains(id)) continue;
      for (const NodeId consumer : value.consumers) {
        if (!placed_[consumer]) continue;
        const std::size_t a = group_of_[*value.producer];
        const std::size_t b = group_of_[consumer];
        if (!may_merge(a, b)) continue;
        const bool keep_first = groups_[a].nodes.size() >= groups_[b].nodes.size();
        merge(keep_first ? a : b, keep_first ? b : a);
      }
    }
  }

  // Neighbours in the order of the parts and nodes, so many together that the rest can be shown.
  void merge_neighbours() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (!groups_[i].nodes.empty()) order.push_back(i);
    }
    std::ranges::sort(order, {}, [&](std::size_t group) {
      return std::pair(groups_[group].part, groups_[group].nodes.front());
    });
    const std::size_t together = (order.size() + kMostGroups - 1) / kMostGroups;
    std::size_t head = order.front();
    std::size_t merged = 1;
    for (const std::size_t group : order) {
      if (group == head) continue;
      if (merged < together && may_merge(head, group)) {
        merge(head, group);
        ++merged;
      } else {
        head = group;
        merged = 1;
      }
    }
  }

  const Graph& graph_;
  const Partition& partition_;
  ById<NodeId, bool> placed_;
  const ById<ValueId, bool> shapes_;
  ById<NodeId, std::size_t> group_of_;
  std::vector<Group> groups_;
};

class BoxBuilder {
 public:
  BoxBuilder(const Graph& graph, const Grouping& grouping)
      : graph_(graph), grouping_(grouping), box_of_(grouping.groups().size(), kNone) {}

  BoxGraph build() {
    for (std::size_t i = 0; i < grouping_.groups().size(); ++i) {
      if (grouping_.groups()[i].nodes.empty()) continue;
      box_of_[i] = result_.boxes.size();
      result_.boxes.push_back(nodes_box(grouping_.groups()[i]));
    }
    add_inputs();
    add_values();
    add_outputs();
    for (auto& [ends, edge] : edges_) result_.edges.push_back(std::move(edge));
    return std::move(result_);
  }

 private:
  std::vector<std::string_view> names_of(const Group& group) const {
    std::vector<std::string_view> names;
    for (const NodeId node : group.nodes) {
      if (!graph_.nodes[node].name.empty()) names.push_back(graph_.nodes[node].name);
    }
    return names;
  }

  // Weights of the nodes, and of constants that only they read.
  Bytes weights_of(const Group& group) const {
    std::set<WeightId> weights;
    std::set<NodeId> seen;
    std::vector<NodeId> open = group.nodes;
    while (!open.empty()) {
      const NodeId node = open.back();
      open.pop_back();
      for (const ValueId id : graph_.nodes[node].reads) {
        const Value& value = graph_.values[id];
        if (value.weight) weights.insert(*value.weight);
        if (!value.producer || grouping_.is_placed(*value.producer)) continue;
        if (seen.insert(*value.producer).second) open.push_back(*value.producer);
      }
    }
    Bytes sum{0};
    for (const WeightId weight : weights) sum += graph_.weights[weight].bytes;
    return sum;
  }

  std::string operators_of(const Group& group) const {
    std::map<std::string_view, std::size_t> counts;
    for (const NodeId node : group.nodes) ++counts[graph_.nodes[node].op];
    std::vector<std::pair<std::string_view, std::size_t>> sorted(counts.begin(), counts.end());
    std::ranges::stable_sort(sorted, std::greater(),
                             &std::pair<std::string_view, std::size_t>::second);
    std::vector<std::string> texts;
    for (const auto& [op, count] : sorted) {
      if (texts.size() == 3) {
        texts.push_back("…");
        break;
      }
      texts.push_back(fmt::format("{} {}", count, op));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  Box nodes_box(const Group& group) const {
    Box box{.part = group.part, .title = "", .details = {}, .names = {}};
    for (const std::string_view name : names_of(group)) box.names.emplace_back(name);
    std::string name = common_name(names_of(group));
    if (group.times > 1) {
      box.kind = BoxKind::repeated;
      box.title = fmt::format("×{}", group.times);
      box.details.push_back(fmt::format("{} … {}", group.first, group.last));
    } else if (group.nodes.size() <= kSpelledOut) {
      std::vector<std::string_view> ops;
      for (const NodeId node : group.nodes) ops.push_back(graph_.nodes[node].op);
      box.title = fmt::format("{}", fmt::join(ops, ", "));
      if (!name.empty()) box.details.push_back(std::move(name));
    } else {
      if (name.empty()) name = group.first;
      box.title = name.empty() ? fmt::format("{} nodes", group.nodes.size()) : std::move(name);
    }
    const Bytes weights = weights_of(group);
    const std::string bytes = weights > Bytes(0) ? ", " + to_text(weights) : "";
    if (group.nodes.size() > kSpelledOut) {
      box.details.push_back(
          fmt::format("{} nodes{}: {}", group.nodes.size(), bytes, operators_of(group)));
    } else if (!bytes.empty()) {
      box.details.push_back(bytes.substr(2));
    }
    return box;
  }

  Box values_box(BoxKind kind, std::string_view what, const std::vector<ValueId>& values) const {
    Box box{.kind = kind, .part = PartId(0), .title = "", .details = {}, .names = {}};
    Bytes sum{0};
    bool known = true;
    for (const ValueId id : values) {
      const std::optional<Bytes> bytes = bytes_of(graph_.values[id].type);
      known = known && bytes;
      sum += bytes.value_or(Bytes(0));
      box.names.push_back(graph_.values[id].name);
    }
    const std::string bytes = known ? ", " + to_text(sum) : "";
    if (values.size() == 1) {
      box.title = graph_.values[values[0]].name;
      box.details.push_back(fmt::format("{}{}{}{}", what, what.empty() ? "" : " ",
                                        to_text(graph_.values[values[0]].type), bytes));
      return box;
    }
    box.title = fmt::format("{} {}s{}", values.size(), what.empty() ? "value" : what, bytes);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i == kListedValues && values.size() > kListedValues + 1) {
        box.details.push_back(fmt::format("… {} more", values.size() - i));
        break;
      }
      const Value& value = graph_.values[values[i]];
      box.details.push_back(fmt::format("{}  {}", value.name, to_text(value.type)));
    }
    return box;
  }

  void connect(std::size_t from, std::size_t to, ValueId value) {
    BoxEdge& edge = edges_[{from, to}];
    const bool is_shape = grouping_.is_shape(value);
    edge.only_shapes = edge.values.empty() ? is_shape : edge.only_shapes && is_shape;
    edge.from = from;
    edge.to = to;
    edge.values.push_back(value);
  }

  // Boxes of the nodes that read a value.
  std::set<std::size_t> readers_of(ValueId id) const {
    std::set<std::size_t> readers;
    for (const NodeId consumer : graph_.values[id].consumers) {
      if (grouping_.is_placed(consumer)) readers.insert(box_of_[grouping_.group_of(consumer)]);
    }
    return readers;
  }

  std::optional<std::size_t> maker_of(ValueId id) const {
    const auto producer = graph_.values[id].producer;
    if (!producer || !grouping_.is_placed(*producer)) return std::nullopt;
    return box_of_[grouping_.group_of(*producer)];
  }

  // Inputs that are read in the same boxes are drawn together.
  void add_inputs() {
    std::map<std::set<std::size_t>, std::vector<ValueId>> together;
    for (const ValueId id : graph_.inputs) {
      if (!graph_.values[id].weight) together[readers_of(id)].push_back(id);
    }
    for (const auto& [readers, values] : together) {
      const std::size_t box = result_.boxes.size();
      result_.boxes.push_back(values_box(BoxKind::port, "input", values));
      for (const std::size_t reader : readers) {
        for (const ValueId value : values) connect(box, reader, value);
      }
    }
  }

  // What crosses from one box to the same others is drawn together.
  void add_values() {
    std::map<std::pair<std::size_t, std::set<std::size_t>>, std::vector<ValueId>> crossing;
    for (const ValueId id : graph_.values.ids()) {
      const auto maker = maker_of(id);
      if (!maker) continue;
      std::set<std::size_t> elsewhere;
      for (const std::size_t reader : readers_of(id)) {
        if (result_.boxes[reader].part != result_.boxes[*maker].part) {
          elsewhere.insert(reader);
        } else if (reader != *maker) {
          connect(*maker, reader, id);
        }
      }
      if (!elsewhere.empty()) crossing[{*maker, elsewhere}].push_back(id);
    }
    for (const auto& [ends, values] : crossing) {
      const std::size_t box = result_.boxes.size();
      result_.boxes.push_back(values_box(BoxKind::crossing, "", values));
      for (const ValueId value : values) {
        connect(ends.first, box, value);
        for (const std::size_t reader : ends.second) connect(box, reader, value);
      }
    }
  }

  // Outputs that are made in the same box are drawn together.
  void add_outputs() {
    std::map<std::optional<std::size_t>, std::vector<ValueId>> together;
    for (const ValueId id : graph_.outputs) together[maker_of(id)].push_back(id);
    for (const auto& [maker, values] : together) {
      const std::size_t box = result_.boxes.size();
      result_.boxes.push_back(values_box(BoxKind::port, "output", values));
      if (!maker) continue;
      for (const ValueId value : values) connect(*maker, box, value);
    }
  }

  const Graph& graph_;
  const Grouping& grouping_;
  std::vector<std::size_t> box_of_;  // by group
  std::map<std::pair<std::size_t, std::size_t>, BoxEdge> edges_;
  BoxGraph result_;
};

}  // namespace

BoxGraph boxes_of(const Model& model, const Graph& graph, const Partition& partition) {
  const Grouping grouping(model, graph, partition);
  return BoxBuilder(graph, grouping).build();
}

}  // namespace convoy::onnx
