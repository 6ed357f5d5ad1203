#include "onnx/cut.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "onnx/external_data.h"
#include "onnx/model_proto.h"
#include "onnx/value_types.h"

namespace convoy::onnx {

namespace {

// Makes the models of the parts, one after the other.
class Cutter {
 public:
  // `taken`: the model's own graph, out of which weights may be moved, or null.
  Cutter(const Model& model, const Graph& graph, proto::GraphProto* taken)
      : model_(model), graph_(graph), taken_(taken) {
    const proto::GraphProto& source = model.box().model.graph();
    for (const auto& input : source.input()) declared_inputs_.emplace(input.name(), &input);
    for (const auto& output : source.output()) declared_outputs_.emplace(output.name(), &output);
  }

  Result<Model> make(const Part& part, const ById<WeightId, bool>& is_shared) {
    auto box = std::make_unique<ModelProtoBox>();
    copy_head(box->model);
    proto::GraphProto& out = *box->model.mutable_graph();
    if (Result<void> done = add_inputs(part, out); !done) return std::unexpected(done.error());
    if (Result<void> done = add_outputs(part, out); !done) return std::unexpected(done.error());
    for (const NodeId node : part.nodes) *out.add_node() = source_node(node);
    const std::unordered_set<std::string> values = values_of(part);
    std::set<WeightId> weights(part.weights.begin(), part.weights.end());
    add_annotations(values, weights, out);
    for (const WeightId weight : weights) add_weight(weight, is_shared[weight], out);
    add_value_info(part, values, out);
    if (!model_.box().data_locations.empty()) {
      auto external = check_external_data(box->model, model_.box().data_folder);
      if (!external) return std::unexpected(external.error());
      box->data_locations = *std::move(external);
      box->data_folder = model_.box().data_folder;
    }
    return Model(std::move(box));
  }

 private:
  const proto::GraphProto& source() const { return model_.box().model.graph(); }

  const proto::NodeProto& source_node(NodeId node) const {
    return source().node(static_cast<int>(graph_.position[node]));
  }

  // All of the model but its graph's contents; training needs the whole graph, so it is left out.
  void copy_head(proto::ModelProto& out) const {
    const proto::ModelProto& from = model_.box().model;
    out.set_ir_version(from.ir_version());
    out.set_producer_name(from.producer_name());
    out.set_producer_version(from.producer_version());
    out.set_domain(from.domain());
    out.set_model_version(from.model_version());
    out.set_doc_string(from.doc_string());
    *out.mutable_opset_import() = from.opset_import();
    *out.mutable_metadata_props() = from.metadata_props();
    *out.mutable_functions() = from.functions();
    out.mutable_graph()->set_name(from.graph().name());
    out.mutable_graph()->set_doc_string(from.graph().doc_string());
    *out.mutable_graph()->mutable_metadata_props() = from.graph().metadata_props();
  }

  // What crosses is typed by what is known of it. The declared shape of a graph output binds nobody
  // (runtimes only warn), that of an input does: so such a value crosses without a shape.
  Result<proto::ValueInfoProto> crossing(ValueId id) const {
    const Value& value = graph_.values[id];
    ValueType type = value.type;
    if (value.is_output) type.dims.reset();
    const auto typed = type_proto(type);
    if (!typed) {
      return fail(ErrorKind::input, "\"{}\" cannot cross between parts: its element type is neither "
                  "declared nor can it be inferred behind {}", value.name,
                  label_of(graph_, *value.producer));
    }
    proto::ValueInfoProto info;
    info.set_name(value.name);
    *info.mutable_type() = *typed;
    return info;
  }

  Result<void> add_inputs(const Part& part, proto::GraphProto& out) const {
    for (const ValueId input : part.inputs) {
      if (graph_.values[input].is_input) {
        *out.add_input() = *declared_inputs_.at(graph_.values[input].name);
        continue;
      }
      Result<proto::ValueInfoProto> info = crossing(input);
      if (!info) return std::unexpected(info.error());
      *out.add_input() = *std::move(info);
    }
    return {};
  }

  Result<void> add_outputs(const Part& part, proto::GraphProto& out) const {
    for (const ValueId output : part.outputs) {
      if (graph_.values[output].is_output) {
        *out.add_output() = *declared_outputs_.at(graph_.values[output].name);
        continue;
      }
      Result<proto::ValueInfoProto> info = crossing(output);
      if (!info) return std::unexpected(info.error());
      *out.add_output() = *std::move(info);
    }
    return {};
  }

  // Names of all values that the part reads or makes.
  std::unordered_set<std::string> values_of(const Part& part) const {
    std::unordered_set<std::string> names;
    const auto add = [&](ValueId value) { names.insert(graph_.values[value].name); };
    for (const NodeId node : part.nodes) {
      std::ranges::for_each(graph_.nodes[node].reads, add);
      std::ranges::for_each(graph_.nodes[node].writes, add);
    }
    std::ranges::for_each(part.outputs, add);
    return names;
  }

  // Quantisation annotations of the part's values, with the scales and zero points that they name.
  void add_annotations(const std::unordered_set<std::string>& values, std::set<WeightId>& weights,
                       proto::GraphProto& out) const {
    for (const auto& annotation : source().quantization_annotation()) {
      if (!values.contains(annotation.tensor_name())) continue;
      *out.add_quantization_annotation() = annotation;
      for (const auto& parameter : annotation.quant_parameter_tensor_names()) {
        const auto value = graph_.find(parameter.value());
        if (value && graph_.values[*value].weight) weights.insert(*graph_.values[*value].weight);
      }
    }
  }

  // Weights are numbered as the model lists them, dense ones first.
  void add_weight(WeightId weight, bool is_shared, proto::GraphProto& out) const {
    const auto index = static_cast<int>(weight.index());
    if (index < source().initializer_size() && taken_ != nullptr && !is_shared) {
      *out.add_initializer() = std::move(*taken_->mutable_initializer(index));
    } else if (index < source().initializer_size()) {
      *out.add_initializer() = source().initializer(index);
    } else {
      *out.add_sparse_initializer() = source().sparse_initializer(index - source().initializer_size());
    }
    // Before version 4 each initializer had to be listed as an input as well.
    const auto listed = declared_inputs_.find(graph_.weights[weight].name);
    if (model_.box().model.ir_version() < 4 && listed != declared_inputs_.end()) {
      *out.add_input() = *listed->second;
    }
  }

  void add_value_info(const Part& part, const std::unordered_set<std::string>& values,
                      proto::GraphProto& out) const {
    std::unordered_set<std::string> ports;
    const auto add = [&](ValueId value) { ports.insert(graph_.values[value].name); };
    std::ranges::for_each(part.inputs, add);
    std::ranges::for_each(part.outputs, add);
    for (const auto& info : source().value_info()) {
      if (values.contains(info.name()) && !ports.contains(info.name())) *out.add_value_info() = info;
    }
  }

  const Model& model_;
  const Graph& graph_;
  proto::GraphProto* taken_;
  std::unordered_map<std::string, const proto::ValueInfoProto*> declared_inputs_;
  std::unordered_map<std::string, const proto::ValueInfoProto*> declared_outputs_;
};

// Weights that more than one part wants, or that annotations name, which parts look up as they need.
ById<WeightId, bool> shared_weights(const Model& model, const Graph& graph,
                                    const ById<PartId, Part>& parts) {
  ById<WeightId, bool> seen(graph.weights.size());
  ById<WeightId, bool> shared(graph.weights.size());
  for (const Part& part : parts) {
    for (const WeightId weight : part.weights) {
      if (seen[weight]) shared[weight] = true;
      seen[weight] = true;
    }
  }
  for (const auto& annotation : model.box().model.graph().quantization_annotation()) {
    for (const auto& parameter : annotation.quant_parameter_tensor_names()) {
      const auto value = graph.find(parameter.value());
      if (value && graph.values[*value].weight) shared[*graph.values[*value].weight] = true;
    }
  }
  return shared;
}

Result<std::vector<Model>> cut(const Model& model, proto::GraphProto* taken, const Graph& graph,
                               const Partition& partition) {
  const Result<ById<PartId, Part>> parts = parts_of(graph, partition);
  if (!parts) return std::unexpected(parts.error());
  const ById<WeightId, bool> shared = shared_weights(model, graph, *parts);
  Cutter cutter(model, graph, taken);
  std::vector<Model> models;
  for (const Part& part : *parts) {
    Result<Model> made = cutter.make(part, shared);
    if (!made) return std::unexpected(made.error());
    models.push_back(*std::move(made));
  }
  return models;
}

}  // namespace

Result<std::vector<Model>> cut(const Model& model, const Graph& graph, const Partition& partition) {
  return cut(model, nullptr, graph, partition);
}

Result<std::vector<Model>> cut(Model&& model, const Graph& graph, const Partition& partition) {
  Model whole = std::move(model);
  return cut(whole, whole.box().model.mutable_graph(), graph, partition);
}

}  // namespace convoy::onnx
