// A model's main graph by numbers: who makes which value, who reads it, what is stored.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "onnx/model.h"
#include "onnx/tensor.h"

namespace convoy::onnx {

// A dimension: a number, or the name or expression that the model gives, or neither (unknown).
struct Dimension {
  std::optional<std::int64_t> size;
  std::string symbol;
};

// What is known of a value before it is computed. `dims` is absent when the rank is unknown.
struct ValueType {
  ElementType element = ElementType::undefined;  // undefined also for sequences, optionals, maps
  std::optional<std::vector<Dimension>> dims;
  // What is no dense tensor, in ONNX's words: "seq(tensor(float))", "optional(tensor(int64))".
  std::string container;
};

// "float32 [batch, 3, ?]", "seq(tensor(float))", "unknown".
[[nodiscard]] std::string to_text(const ValueType& type);

// Bytes of a value whose dimensions are all known.
[[nodiscard]] std::optional<Bytes> bytes_of(const ValueType& type);

struct Value {
  std::string name;
  ValueType type;
  std::optional<NodeId> producer;   // none: a graph input or an initializer
  std::vector<NodeId> consumers;    // each once, ascending; captures by bodies count as reads
  std::optional<WeightId> weight;   // the initializer of this name, if there is one
  bool is_input = false;            // a graph input (with `weight`: an overridable default)
  bool is_output = false;
};

struct Node {
  std::string name;      // as in the model; may be empty or repeated
  std::string op;        // "Conv"
  std::string domain;    // "" for ONNX's own
  std::vector<ValueId> reads;   // each once: inputs, and outer values captured by bodies at any depth
  std::vector<ValueId> writes;  // outputs that have a name
};

struct Weight {
  std::string name;
  Bytes bytes;  // as stored
};

// An index over a model's main graph. Nodes stand in a topological order (the model's own order when
// that is one). Does not refer to the model after it is made.
struct Graph {
  ById<NodeId, Node> nodes;
  ById<ValueId, Value> values;
  ById<WeightId, Weight> weights;
  std::vector<ValueId> inputs;   // in the model's order, overridable initializers included
  std::vector<ValueId> outputs;  // in the model's order
  // Position of each node in the model's own node list.
  ById<NodeId, std::size_t> position;
  std::unordered_map<std::string, ValueId> by_name;
  // Values that bodies of If, Loop and Scan make, at any depth, with the main graph's node around
  // them. They are no values of this graph.
  std::unordered_map<std::string, NodeId> inside_bodies;

  [[nodiscard]] std::optional<ValueId> find(const std::string& value_name) const;
};

// What is fed, in the model's order, initializers that may be overridden last; and what comes out.
[[nodiscard]] std::vector<std::string> input_names(const Graph& graph);
[[nodiscard]] std::vector<std::string> output_names(const Graph& graph);

// `"conv1" (Conv)`, or `the Conv that makes "x"` for a node without a name.
[[nodiscard]] std::string label_of(const Graph& graph, NodeId node);

// Types come from ONNX's shape inference, and from what the model declares where that says nothing.
// Errors: a cycle, a value that nobody makes, two nodes that make the same value, a local function
// that calls itself; each by name.
[[nodiscard]] Result<Graph> index_graph(const Model& model);

// Nodes that plans do not place, because a cut copies them into each part that reads their results:
// those that depend on no graph input, constants and arithmetic on them (never random operators,
// never operators of unknown domains); and those that no graph output depends on, which no part
// reads.
[[nodiscard]] ById<NodeId, bool> copied_nodes(const Graph& graph);

// Results of shape arithmetic: what Shape and Size make, and what is computed from that and constants
// alone, as long as it is known to take at most 256 bytes. Models with dynamic shapes read such
// values everywhere, so they may cross any cut without being named.
[[nodiscard]] ById<ValueId, bool> shape_values(const Graph& graph);

}  // namespace convoy::onnx
