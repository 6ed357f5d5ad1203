#include "onnx/tidy.h"

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "onnx/captures.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

namespace {

using Names = std::unordered_set<std::string>;

Names initializers_of(const proto::GraphProto& graph) {
  Names names;
  for (const auto& weight : graph.initializer()) names.insert(weight.name());
  for (const auto& weight : graph.sparse_initializer()) names.insert(weight.values().name());
  return names;
}

// All names that nodes, bodies and outputs read from the graph.
Names reads_of(const proto::GraphProto& graph) {
  Names names;
  for (const auto& node : graph.node()) {
    names.insert(node.input().begin(), node.input().end());
    for (std::string& name : names_of_bodies(node).captured) names.insert(std::move(name));
  }
  for (const auto& output : graph.output()) names.insert(output.name());
  return names;
}

Result<void> drop_unneeded_inputs(const proto::GraphProto& original, proto::GraphProto& optimized) {
  const Names optional = initializers_of(original);
  const Names kept = initializers_of(optimized);
  const Names reads = reads_of(optimized);
  google::protobuf::RepeatedPtrField<proto::ValueInfoProto> inputs;
  for (auto& input : *optimized.mutable_input()) {
    if (!optional.contains(input.name()) || kept.contains(input.name())) {
      *inputs.Add() = std::move(input);
    } else if (reads.contains(input.name())) {
      return fail(ErrorKind::failure,
                  "the optimised model lost the initializer \"{}\" but still "
                  "reads it",
                  input.name());
    }
  }
  optimized.mutable_input()->Swap(&inputs);
  return {};
}

void add_body_names(const proto::NodeProto& node, Names& names) {
  for_each_body(node, [&](const proto::GraphProto& body) {
    for (const auto& inner : body.node()) {
      names.insert(inner.name());
      add_body_names(inner, names);
    }
  });
}

void name_all_nodes(proto::GraphProto& graph) {
  Names taken;  // names that no node may be given
  for (const auto& node : graph.node()) {
    taken.insert(node.name());
    add_body_names(node, taken);
  }
  Names seen;
  std::unordered_map<std::string, std::size_t> last;  // number given out, by stem
  for (auto& node : *graph.mutable_node()) {
    if (!node.name().empty() && seen.insert(node.name()).second) continue;
    const std::string stem = node.name().empty() ? node.op_type() : node.name();
    std::string name;
    while (name.empty() || taken.contains(name)) name = fmt::format("{}_{}", stem, ++last[stem]);
    taken.insert(name);
    node.set_name(name);
  }
}

// ONNX Runtime drops weights that only annotations name, and keeps the annotations.
void restore_annotated_weights(const proto::GraphProto& original, proto::GraphProto& optimized) {
  Names kept = initializers_of(optimized);
  Names wanted;
  for (const auto& annotation : optimized.quantization_annotation()) {
    for (const auto& parameter : annotation.quant_parameter_tensor_names()) {
      wanted.insert(parameter.value());
    }
  }
  for (const auto& weight : original.initializer()) {
    const bool inside = weight.data_location() != proto::TensorProto::EXTERNAL;
    if (inside && wanted.contains(weight.name()) && kept.insert(weight.name()).second) {
      *optimized.add_initializer() = weight;
    }
  }
}

void add_domains(const google::protobuf::RepeatedPtrField<proto::NodeProto>& nodes,
                 Names& domains) {
  for (const auto& node : nodes) {
    domains.insert(node.domain());
    for_each_body(node, [&](const proto::GraphProto& body) { add_domains(body.node(), domains); });
  }
}

// ONNX Runtime imports every domain that it knows; an older one would refuse those that it does
// not.
void drop_added_imports(const proto::ModelProto& original, proto::ModelProto& optimized) {
  Names kept;
  for (const auto& import : original.opset_import()) kept.insert(import.domain());
  add_domains(optimized.graph().node(), kept);
  for (const auto& function : optimized.functions()) add_domains(function.node(), kept);
  google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto> imports;
  for (auto& import : *optimized.mutable_opset_import()) {
    if (kept.contains(import.domain())) *imports.Add() = std::move(import);
  }
  optimized.mutable_opset_import()->Swap(&imports);
}

}  // namespace

Result<void> tidy_optimized(const Model& original, Model& optimized) {
  const proto::ModelProto& from = original.box().model;
  proto::ModelProto& model = optimized.box().model;
  proto::GraphProto& graph = *model.mutable_graph();
  if (auto done = drop_unneeded_inputs(from.graph(), graph); !done) return done;
  restore_annotated_weights(from.graph(), graph);
  drop_added_imports(from, model);
  name_all_nodes(graph);
  return {};
}

}  // namespace convoy::onnx
