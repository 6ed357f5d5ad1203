#include "onnx/cut_line.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "foundation/suggest.h"

namespace convoy::onnx {

namespace {

// A cut line with its names resolved.
struct Line {
  std::vector<ValueId> values;
  ById<NodeId, bool> before;  // placed nodes that the values depend on
  std::size_t count = 0;      // of those
};

// "\"a\", \"b\" and 3 more".
std::string list_of(const Graph& graph, const std::vector<ValueId>& values) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), most); ++i) {
    text += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", graph.values[values[i]].name);
  }
  if (values.size() > most) text += fmt::format(" and {} more", values.size() - most);
  return text;
}

// Sets of nodes that must stay together: union-find with path halving.
class Components {
 public:
  explicit Components(std::size_t nodes) : parent_(nodes) {
    std::ranges::iota(parent_, std::size_t{0});
  }
  std::size_t of(NodeId node) {
    std::size_t at = node.index();
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(NodeId a, NodeId b) { parent_[of(a)] = of(b); }

 private:
  std::vector<std::size_t> parent_;
};

class LinePartitioner {
 public:
  LinePartitioner(const Graph& graph, Advice advice)
      : graph_(graph), advice_(advice), copied_(copied_nodes(graph)), shapes_(shape_values(graph)),
        line_of_(graph.values.size(), 0), components_(graph.nodes.size()) {}

  Result<Partition> run(std::span<const CutLine> lines) {
    for (const CutLine& line : lines) {
      if (Result<void> done = add_line(line); !done) return std::unexpected(done.error());
    }
    // A line that another depends on has fewer nodes before it.
    std::ranges::stable_sort(lines_, {}, &Line::count);
    number_lines();
    join_components();
    for (std::size_t line = 1; line <= lines_.size(); ++line) {
      if (Result<void> done = check_separates(line); !done) return std::unexpected(done.error());
    }
    return assign();
  }

 private:
  // Whether a value is made by a node that is placed, so that it could cross.
  bool can_cross(ValueId value) const {
    const auto producer = graph_.values[value].producer;
    return producer && !copied_[*producer];
  }

  Result<void> add_line(const CutLine& text) {
    Line line;
    if (text.values.empty()) return fail(ErrorKind::input, "a cut without a value's name");
    for (const std::string& name : text.values) {
      const Result<ValueId> value = find_value(graph_, name, [&](const Value& other) {
        return other.producer && !copied_[*other.producer] && !other.consumers.empty();
      });
      if (!value) return std::unexpected(value.error());
      if (!can_cross(*value)) return no_cut_error(*value);
      if (!named_.insert(*value).second) {
        return fail(ErrorKind::input, "the value \"{}\" is given twice", name);
      }
      line.values.push_back(*value);
    }
    line.before = ById<NodeId, bool>(graph_.nodes.size());
    std::vector<NodeId> open;
    const auto visit = [&](ValueId value) {
      if (!can_cross(value)) return;
      const NodeId producer = *graph_.values[value].producer;
      if (line.before[producer]) return;
      line.before[producer] = true;
      ++line.count;
      open.push_back(producer);
    };
    std::ranges::for_each(line.values, visit);
    while (!open.empty()) {
      const NodeId node = open.back();
      open.pop_back();
      std::ranges::for_each(graph_.nodes[node].reads, visit);
    }
    lines_.push_back(std::move(line));
    return {};
  }

  std::unexpected<Error> no_cut_error(ValueId id) const {
    const Value& value = graph_.values[id];
    const std::string_view what = value.producer ? "is constant, or no output depends on it"
                                  : value.is_input ? "is an input of the model"
                                                   : "is an initializer";
    return fail(ErrorKind::input, "cannot cut at \"{}\": it {}{}", value.name, what, nearest(0));
  }

  void number_lines() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      for (const ValueId value : lines_[i].values) line_of_[value] = i + 1;
    }
  }

  // Only values of lines and shapes may cross, so nodes that share any other value stay together.
  void join_components() {
    for (const ValueId id : graph_.values.ids()) {
      if (!can_cross(id) || line_of_[id] != 0 || shapes_[id]) continue;
      const Value& value = graph_.values[id];
      for (const NodeId consumer : value.consumers) components_.join(*value.producer, consumer);
    }
  }

  Result<void> check_separates(std::size_t number) {
    const Line& line = lines_[number - 1];
    std::set<std::size_t> front;
    for (const NodeId node : graph_.nodes.ids()) {
      if (line.before[node]) front.insert(components_.of(node));
    }
    std::set<std::size_t> mixed;
    for (const ValueId value : line.values) {
      for (const NodeId consumer : graph_.values[value].consumers) {
        const std::size_t component = components_.of(consumer);
        if (!line.before[consumer] && front.contains(component)) mixed.insert(component);
      }
    }
    if (mixed.empty()) return {};
    std::vector<ValueId> missing;
    for (const ValueId id : graph_.values.ids()) {
      if (!can_cross(id) || line_of_[id] != 0 || shapes_[id]) continue;
      if (!line.before[*graph_.values[id].producer]) continue;
      if (std::ranges::any_of(graph_.values[id].consumers, [&](NodeId consumer) {
            return !line.before[consumer] && mixed.contains(components_.of(consumer));
          })) {
        missing.push_back(id);
      }
    }
    return fail(ErrorKind::input, "{} {} not separate the model: {} would also have to cross{}",
                list_of(graph_, line.values), line.values.size() == 1 ? "does" : "do",
                list_of(graph_, missing), nearest(line.count));
  }

  // Where to cut instead, for the end of an error.
  std::string nearest(std::size_t nodes_before) const {
    if (advice_ == Advice::none) return "";
    const std::vector<SeparatingCut> cuts = separating_cuts(graph_);
    if (cuts.empty()) return "; no single value separates this model";
    const auto distance = [&](const SeparatingCut& cut) {
      return cut.nodes_before > nodes_before ? cut.nodes_before - nodes_before
                                             : nodes_before - cut.nodes_before;
    };
    const SeparatingCut& best = *std::ranges::min_element(cuts, {}, distance);
    return fmt::format("; the nearest value that separates alone is \"{}\"",
                       graph_.values[best.value].name);
  }

  // Each component comes as early as the values that it reads allow.
  Result<Partition> assign() {
    std::vector<std::size_t> part(graph_.nodes.size());  // by component
    for (bool moved = true; moved;) {
      moved = false;
      for (const NodeId node : graph_.nodes.ids()) {
        if (copied_[node]) continue;
        std::size_t& own = part[components_.of(node)];
        for (const ValueId value : graph_.nodes[node].reads) {
          if (!can_cross(value)) continue;
          const std::size_t number = line_of_[value];
          const bool behind = number > 0 && !lines_[number - 1].before[node];
          const std::size_t makers = part[components_.of(*graph_.values[value].producer)];
          const std::size_t earliest = std::max(makers, behind ? number : 0);
          if (own < earliest) {
            own = earliest;
            moved = true;
          }
        }
        if (Result<void> done = check_before(node, own); !done) return std::unexpected(done.error());
      }
    }
    Partition partition{.parts = lines_.size() + 1,
                        .part_of = ById<NodeId, PartId>(graph_.nodes.size())};
    std::vector<std::size_t> sizes(partition.parts);
    for (const NodeId node : graph_.nodes.ids()) {
      if (copied_[node]) continue;
      partition.part_of[node] = PartId(part[components_.of(node)]);
      ++sizes[partition.part_of[node].index()];
    }
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      if (sizes[i] > 0) continue;
      const std::string cut = list_of(graph_, lines_[i - 1].values);
      if (i == lines_.size()) return fail(ErrorKind::input, "nothing is computed from {}", cut);
      return fail(ErrorKind::input, "the cuts at {} and at {} leave no node between them", cut,
                  list_of(graph_, lines_[i].values));
    }
    return partition;
  }

  // A node that line k depends on must be in a part before k; parts grow only up to there.
  Result<void> check_before(NodeId node, std::size_t part) const {
    for (std::size_t i = 0; i < part; ++i) {
      if (!lines_[i].before[node]) continue;
      if (i == part - 1) {
        return fail(ErrorKind::input, "{} cannot be cut off: {}, which lies before, is tied to what "
                    "depends on it{}", list_of(graph_, lines_[i].values), label_of(graph_, node),
                    nearest(lines_[i].count));
      }
      return fail(ErrorKind::input, "the cuts at {} and at {} cross: {} comes before the one and "
                  "behind the other", list_of(graph_, lines_[i].values),
                  list_of(graph_, lines_[part - 1].values), label_of(graph_, node));
    }
    return {};
  }

  const Graph& graph_;
  const Advice advice_;
  const ById<NodeId, bool> copied_;
  const ById<ValueId, bool> shapes_;
  std::vector<Line> lines_;
  std::set<ValueId> named_;
  ById<ValueId, std::size_t> line_of_;  // 1 for the first line; 0: in no line
  Components components_;
};

}  // namespace

Result<ValueId> find_value(const Graph& graph, const std::string& name,
                           const std::function<bool(const Value&)>& fits) {
  if (const auto value = graph.find(name)) return *value;
  if (const auto inside = graph.inside_bodies.find(name); inside != graph.inside_bodies.end()) {
    return fail(ErrorKind::input, "the value \"{}\" lies inside the body of {}, which runs on one "
                "device; cut at a value that this node reads or makes", name,
                label_of(graph, inside->second));
  }
  std::vector<std::string> known;
  for (const Value& value : graph.values) {
    if (fits(value)) known.push_back(value.name);
  }
  return fail(ErrorKind::input, "the model has no value \"{}\"{}", name, suggest(name, known));
}

Result<Partition> partition_at(const Graph& graph, std::span<const CutLine> lines, Advice advice) {
  return LinePartitioner(graph, advice).run(lines);
}

}  // namespace convoy::onnx
