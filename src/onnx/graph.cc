#include "onnx/graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>

#include "foundation/utf8.h"
#include "onnx/captures.h"
#include "onnx/external_data.h"
#include "onnx/functions.h"
#include "onnx/model_proto.h"
#include "onnx/value_types.h"

namespace convoy::onnx {

namespace {

// Fills a Graph step by step; node ids are positions in the model until the nodes are sorted.
class Indexer {
 public:
  explicit Indexer(const proto::ModelProto& model) : model_(model), source_(model.graph()) {}

  Result<Graph> run() {
    if (auto done = check_functions(model_); !done) return std::unexpected(done.error());
    if (auto done = check_names(); !done) return std::unexpected(done.error());
    if (auto done = add_inputs(); !done) return std::unexpected(done.error());
    if (auto done = add_weights(); !done) return std::unexpected(done.error());
    if (auto done = add_node_results(); !done) return std::unexpected(done.error());
    if (auto done = add_node_reads(); !done) return std::unexpected(done.error());
    if (auto done = add_outputs(); !done) return std::unexpected(done.error());
    if (auto done = sort_nodes(); !done) return std::unexpected(done.error());
    connect();
    add_types();
    return std::move(graph_);
  }

 private:
  // As protobuf asks of strings; else no JSON file could hold them.
  Result<void> check_names() const {
    for (const auto& input : source_.input()) {
      if (!is_utf8(input.name())) return fail(ErrorKind::input, "an input's name is no UTF-8 text");
    }
    for (const auto& weight : source_.initializer()) {
      if (!is_utf8(weight.name())) {
        return fail(ErrorKind::input, "an initializer's name is no UTF-8 text");
      }
    }
    for (const auto& weight : source_.sparse_initializer()) {
      if (!is_utf8(weight.values().name())) {
        return fail(ErrorKind::input, "an initializer's name is no UTF-8 text");
      }
    }
    for (int i = 0; const auto& node : source_.node()) {
      ++i;
      if (is_utf8(node.op_type()) && is_utf8(node.domain()) && is_utf8(node.name()) &&
          std::ranges::all_of(node.output(), is_utf8)) {
        continue;
      }
      return fail(ErrorKind::input, "node {}: its name, or one of a value that it makes, is no UTF-8 "
                  "text", i);
    }
    return {};
  }

  ValueId add_value(const std::string& name) {
    const auto [place, is_new] = graph_.by_name.try_emplace(name, ValueId(graph_.values.size()));
    if (is_new) graph_.values.push_back({.name = name, .type = {}, .producer = {}, .consumers = {},
                                         .weight = {}, .is_input = false, .is_output = false});
    return place->second;
  }

  Result<void> add_inputs() {
    for (const auto& input : source_.input()) {
      if (graph_.by_name.contains(input.name())) {
        return fail(ErrorKind::input, "the graph lists the input \"{}\" twice", input.name());
      }
      const ValueId value = add_value(input.name());
      graph_.values[value].is_input = true;
      graph_.inputs.push_back(value);
    }
    return {};
  }

  Result<void> add_weight(const std::string& name, std::int64_t bytes) {
    if (name.empty()) return fail(ErrorKind::input, "the graph has an initializer without a name");
    const ValueId value = add_value(name);
    // A repeated initializer counts as ONNX Runtime takes it: the last one stands.
    graph_.values[value].weight = graph_.weights.push_back({.name = name, .bytes = Bytes(bytes)});
    return {};
  }

  Result<void> add_weights() {
    for (const auto& weight : source_.initializer()) {
      if (auto done = add_weight(weight.name(), stored_bytes(weight)); !done) return done;
    }
    for (const auto& weight : source_.sparse_initializer()) {
      const std::int64_t bytes = stored_bytes(weight.values()) + stored_bytes(weight.indices());
      if (auto done = add_weight(weight.values().name(), bytes); !done) return done;
    }
    // Before version 4 each initializer had to be listed as an input, and was a constant.
    if (model_.ir_version() >= 4) return {};
    for (Value& value : graph_.values) value.is_input = value.is_input && !value.weight;
    std::erase_if(graph_.inputs, [&](ValueId value) { return !graph_.values[value].is_input; });
    return {};
  }

  Result<void> add_node_results() {
    for (const auto& source : source_.node()) {
      const NodeId id = graph_.nodes.push_back({.name = source.name(), .op = source.op_type(),
                                                .domain = source.domain(), .reads = {},
                                                .writes = {}});
      for (const std::string& output : source.output()) {
        if (output.empty()) continue;
        const std::size_t known = graph_.values.size();
        const ValueId value = add_value(output);
        if (value.index() < known) {
          const auto producer = graph_.values[value].producer;
          return fail(ErrorKind::input, "the value \"{}\" is made twice: {} and {}", output,
                      producer ? label(*producer) : "it is an input or initializer", label(id));
        }
        graph_.values[value].producer = id;
        graph_.nodes[id].writes.push_back(value);
      }
    }
    return {};
  }

  Result<void> add_node_reads() {
    constexpr NodeId nobody(-1);
    ById<ValueId, NodeId> last_reader(graph_.values.size(), nobody);
    for (const NodeId id : graph_.nodes.ids()) {
      const auto& source = source_.node(static_cast<int>(id.index()));
      std::vector<ValueId>& reads = graph_.nodes[id].reads;
      const auto read = [&](const std::string& name, std::string_view how) -> Result<void> {
        const auto value = graph_.find(name);
        if (!value) {
          return fail(ErrorKind::input, "{} {} \"{}\", which nothing makes", label(id), how, name);
        }
        if (std::exchange(last_reader[*value], id) != id) reads.push_back(*value);
        return {};
      };
      for (const std::string& input : source.input()) {
        if (input.empty()) continue;
        if (auto done = read(input, "reads"); !done) return done;
      }
      BodyNames bodies = names_of_bodies(source);
      for (const std::string& name : bodies.captured) {
        if (auto done = read(name, "reads in its body"); !done) return done;
      }
      for (std::string& name : bodies.made) graph_.inside_bodies.emplace(std::move(name), id);
    }
    return {};
  }

  Result<void> add_outputs() {
    for (const auto& output : source_.output()) {
      const auto value = graph_.find(output.name());
      if (!value) {
        return fail(ErrorKind::input, "nothing makes the graph output \"{}\"", output.name());
      }
      if (std::exchange(graph_.values[*value].is_output, true)) {
        return fail(ErrorKind::input, "the graph lists the output \"{}\" twice", output.name());
      }
      graph_.outputs.push_back(*value);
    }
    return {};
  }

  // Kahn's algorithm, always the earliest node of the model that is ready, so that a model in
  // topological order keeps it.
  Result<void> sort_nodes() {
    ById<NodeId, std::size_t> waiting(graph_.nodes.size());
    ById<ValueId, std::vector<NodeId>> readers(graph_.values.size());
    std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
    for (const NodeId id : graph_.nodes.ids()) {
      for (const ValueId value : graph_.nodes[id].reads) {
        if (!graph_.values[value].producer) continue;
        ++waiting[id];
        readers[value].push_back(id);
      }
      if (waiting[id] == 0) ready.push(id);
    }
    while (!ready.empty()) {
      const NodeId id = ready.top();
      ready.pop();
      graph_.position.push_back(id.index());
      for (const ValueId value : graph_.nodes[id].writes) {
        for (const NodeId reader : readers[value]) {
          if (--waiting[reader] == 0) ready.push(reader);
        }
      }
    }
    if (graph_.position.size() < graph_.nodes.size()) return cycle_error(waiting);
    return {};
  }

  // Every node that still waits reads from one that waits: going back must come round.
  std::unexpected<Error> cycle_error(const ById<NodeId, std::size_t>& waiting) const {
    NodeId at;
    for (const NodeId id : waiting.ids()) {
      if (waiting[id] > 0) at = id;
    }
    ById<NodeId, bool> seen(graph_.nodes.size());
    while (true) {
      for (const ValueId value : graph_.nodes[at].reads) {
        const auto producer = graph_.values[value].producer;
        if (!producer || waiting[*producer] == 0) continue;
        if (seen[*producer]) {
          return fail(ErrorKind::input, "the graph has a cycle: {} reads \"{}\" from {}, which "
                      "depends on it", label(at), graph_.values[value].name, label(*producer));
        }
        seen[at] = true;
        at = *producer;
        break;
      }
    }
  }

  // Renumbers the nodes from model order to topological order, and records who reads what.
  void connect() {
    ById<NodeId, Node> sorted;
    sorted.reserve(graph_.nodes.size());
    ById<NodeId, NodeId> moved(graph_.nodes.size());
    for (const std::size_t position : graph_.position) {
      moved[NodeId(position)] = sorted.push_back(std::move(graph_.nodes[NodeId(position)]));
    }
    graph_.nodes = std::move(sorted);
    for (Value& value : graph_.values) {
      if (value.producer) value.producer = moved[*value.producer];
    }
    for (auto& [name, node] : graph_.inside_bodies) node = moved[node];
    for (const NodeId id : graph_.nodes.ids()) {
      for (const ValueId value : graph_.nodes[id].reads) {
        graph_.values[value].consumers.push_back(id);
      }
    }
  }

  void add_types() {
    auto types = infer_types(model_, graph_.position);
    for (Value& value : graph_.values) value.type = std::move(types[value.name]);
  }

  // Node ids are still positions in the model here.
  std::string label(NodeId id) const {
    return label_of(source_.node(static_cast<int>(id.index())));
  }

  const proto::ModelProto& model_;
  const proto::GraphProto& source_;
  Graph graph_;
};

std::vector<std::string> names_of(const Graph& graph, const std::vector<ValueId>& values) {
  std::vector<std::string> names;
  for (const ValueId value : values) names.push_back(graph.values[value].name);
  return names;
}

}  // namespace

std::string to_text(const ValueType& type) {
  if (!type.container.empty()) return type.container;
  if (type.element == ElementType::undefined) return "unknown";
  if (!type.dims) return fmt::format("{} of unknown rank", name_of(type.element));
  std::string dims;
  for (const Dimension& dim : *type.dims) {
    if (!dims.empty()) dims += ", ";
    dims += dim.size ? std::to_string(*dim.size) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return fmt::format("{} [{}]", name_of(type.element), dims);
}

std::optional<Bytes> bytes_of(const ValueType& type) {
  if (!type.dims) return std::nullopt;
  std::vector<std::int64_t> dims;
  for (const Dimension& dim : *type.dims) {
    if (!dim.size) return std::nullopt;
    dims.push_back(*dim.size);
  }
  return bytes_of(type.element, dims);
}

std::optional<ValueId> Graph::find(const std::string& value_name) const {
  const auto found = by_name.find(value_name);
  if (found == by_name.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> input_names(const Graph& graph) {
  std::vector<ValueId> inputs = graph.inputs;
  std::ranges::stable_partition(inputs, [&](ValueId id) { return !graph.values[id].weight; });
  return names_of(graph, inputs);
}

std::vector<std::string> output_names(const Graph& graph) { return names_of(graph, graph.outputs); }

std::string label_of(const Graph& graph, NodeId node) {
  const Node& it = graph.nodes[node];
  if (!it.name.empty()) return fmt::format("\"{}\" ({})", it.name, it.op);
  if (it.writes.empty()) return fmt::format("a {} without outputs", it.op);
  return fmt::format("the {} that makes \"{}\"", it.op, graph.values[it.writes[0]].name);
}

Result<Graph> index_graph(const Model& model) {
  return Indexer(model.box().model).run();
}

namespace {

// Whether a node is known to compute nothing but a function of its inputs.
bool is_function(const Node& node) {
  // Operators that draw random numbers, or that carry bodies with any operators.
  static const std::set<std::string_view> never = {
      "Bernoulli", "Dropout", "If", "Loop", "Multinomial", "RandomNormal", "RandomNormalLike",
      "RandomUniform", "RandomUniformLike", "Scan", "SequenceMap"};
  const bool known = node.domain.empty() || node.domain == "ai.onnx" || node.domain == "ai.onnx.ml";
  return known && !never.contains(node.op);
}

}  // namespace

ById<ValueId, bool> shape_values(const Graph& graph) {
  constexpr Bytes most(256);
  const ById<NodeId, bool> copied = copied_nodes(graph);
  ById<ValueId, bool> shapes(graph.values.size());
  for (const NodeId id : graph.nodes.ids()) {
    const Node& node = graph.nodes[id];
    if (copied[id] || !is_function(node)) continue;
    const auto is_constant = [&](ValueId value) {
      const Value& read = graph.values[value];
      return read.producer ? bool(copied[*read.producer]) : !read.is_input;
    };
    const bool computed = node.op == "Shape" || node.op == "Size" ||
                          std::ranges::all_of(node.reads, [&](ValueId value) {
                            return shapes[value] || is_constant(value);
                          });
    const bool small = std::ranges::all_of(node.writes, [&](ValueId value) {
      const std::optional<Bytes> bytes = bytes_of(graph.values[value].type);
      return bytes && *bytes <= most;
    });
    if (!computed || !small) continue;
    for (const ValueId value : node.writes) shapes[value] = true;
  }
  return shapes;
}

ById<NodeId, bool> copied_nodes(const Graph& graph) {
  ById<NodeId, bool> copied(graph.nodes.size());
  for (const NodeId id : graph.nodes.ids()) {
    const Node& node = graph.nodes[id];
    copied[id] = is_function(node) && std::ranges::all_of(node.reads, [&](ValueId value) {
      const Value& read = graph.values[value];
      return read.producer ? bool(copied[*read.producer]) : !read.is_input;
    });
  }
  ById<NodeId, bool> needed(graph.nodes.size());
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const NodeId id(i);
    needed[id] = std::ranges::any_of(graph.nodes[id].writes, [&](ValueId value) {
      const Value& made = graph.values[value];
      return made.is_output || std::ranges::any_of(made.consumers, [&](NodeId consumer) {
               return bool(needed[consumer]);
             });
    });
    if (!needed[id]) copied[id] = true;
  }
  return copied;
}

}  // namespace convoy::onnx
