#include "onnx/partition_points.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/ranges.h>

#include "onnx/cut_line.h"

namespace convoy::onnx {

namespace {

class PointPartitioner {
 public:
  explicit PointPartitioner(const Graph& graph)
      : graph_(graph), copied_(copied_nodes(graph)), point_of_(graph.nodes.size()) {}

  Result<Partition> run(std::span<const PartitionPoint> points) {
    if (points.empty()) return fail(ErrorKind::input, "there are no partition points");
    for (const PartitionPoint& point : points) {
      if (Result<void> done = claim(point); !done) return std::unexpected(done.error());
    }
    for (const NodeId node : graph_.nodes.ids()) {
      if (!point_of_[node]) continue;
      if (Result<void> done = check_inputs(node); !done) return std::unexpected(done.error());
    }
    if (Result<void> done = check_covered(); !done) return std::unexpected(done.error());
    Partition partition{.parts = points.size(),
                        .part_of = ById<NodeId, PartId>(graph_.nodes.size())};
    for (const NodeId node : graph_.nodes.ids()) {
      partition.part_of[node] = PartId(point_of_[node].value_or(0));
    }
    return partition;
  }

 private:
  // Gives the point all nodes between its outputs and its inputs that no earlier point has.
  Result<void> claim(const PartitionPoint& point) {
    const std::size_t number = inputs_.size();
    const auto where = fmt::format("partition point {}", number + 1);
    const auto fits = [&](const Value& value) {
      return value.producer ? !copied_[*value.producer] : value.is_input;
    };
    std::set<ValueId>& inputs = inputs_.emplace_back();
    for (const std::string& name : point.inputs) {
      const Result<ValueId> value = find_value(graph_, name, fits);
      if (!value) return within(where, value.error());
      inputs.insert(*value);
    }
    if (point.outputs.empty()) return fail(ErrorKind::input, "{}: it has no outputs", where);
    std::vector<NodeId> open;
    std::set<NodeId> reached;
    const auto visit = [&](ValueId value) {
      const auto producer = graph_.values[value].producer;
      if (!producer || copied_[*producer] || inputs.contains(value)) return;
      if (reached.insert(*producer).second) open.push_back(*producer);
    };
    for (const std::string& name : point.outputs) {
      const Result<ValueId> value = find_value(graph_, name, fits);
      if (!value) return within(where, value.error());
      visit(*value);
    }
    bool has_own = false;
    while (!open.empty()) {
      const NodeId node = open.back();
      open.pop_back();
      if (!point_of_[node]) {
        point_of_[node] = number;
        has_own = true;
      }
      std::ranges::for_each(graph_.nodes[node].reads, visit);
    }
    if (has_own) return {};
    return fail(ErrorKind::input, "{}: no node lies between its inputs and outputs that an earlier "
                "point does not have", where);
  }

  Result<void> check_inputs(NodeId node) const {
    const std::size_t own = *point_of_[node];
    for (const ValueId id : graph_.nodes[node].reads) {
      const Value& value = graph_.values[id];
      const bool listed = inputs_[own].contains(id);
      if (!value.producer) {
        if (listed || value.weight) continue;
        return fail(ErrorKind::input, "partition point {}: {} needs the model's input \"{}\"; add it "
                    "to the point's inputs", own + 1, label_of(graph_, node), value.name);
      }
      const auto maker = point_of_[*value.producer];
      if (copied_[*value.producer] || maker == own || !maker) continue;
      if (!listed) {
        return fail(ErrorKind::input, "partition point {}: {} needs \"{}\" from partition point {}; "
                    "add it to the point's inputs", own + 1, label_of(graph_, node), value.name,
                    *maker + 1);
      }
      if (*maker > own) {
        return fail(ErrorKind::input, "partition point {} reads \"{}\" from partition point {}, which "
                    "comes later; give the points in the order in which they run", own + 1,
                    value.name, *maker + 1);
      }
    }
    return {};
  }

  Result<void> check_covered() const {
    std::vector<std::string> missing;
    for (const NodeId node : graph_.nodes.ids()) {
      if (!point_of_[node] && !copied_[node]) missing.push_back(label_of(graph_, node));
    }
    if (missing.empty()) return {};
    constexpr std::size_t most = 3;
    std::string more;
    if (missing.size() > most) {
      more = fmt::format(" and {} more", missing.size() - most);
      missing.resize(most);
    }
    return fail(ErrorKind::input, "no partition point covers {}{}", fmt::join(missing, ", "), more);
  }

  const Graph& graph_;
  const ById<NodeId, bool> copied_;
  std::vector<std::set<ValueId>> inputs_;                 // of each point
  ById<NodeId, std::optional<std::size_t>> point_of_;
};

}  // namespace

Result<Partition> partition_by_points(const Graph& graph, std::span<const PartitionPoint> points) {
  return PointPartitioner(graph).run(points);
}

}  // namespace convoy::onnx
