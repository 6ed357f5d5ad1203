#include "onnx/value_types.h"

#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <chrono>
#include <exception>
#include <set>
#include <utility>

#include "foundation/isolated.h"

namespace convoy::onnx {

namespace {

// Shape arithmetic is done on small integer tensors; larger constants need only a type.
constexpr std::size_t shape_data_bytes = 1024;

void declare(proto::ValueInfoProto& value, const std::string& name, std::int32_t element,
             const google::protobuf::RepeatedField<std::int64_t>& dims) {
  value.set_name(name);
  auto& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(element);
  tensor.mutable_shape();
  for (const std::int64_t dim : dims) tensor.mutable_shape()->add_dim()->set_dim_value(dim);
}

// A copy of a node with large constants left out.
void copy_light(const proto::NodeProto& node, proto::NodeProto& light) {
  light.set_op_type(node.op_type());
  light.set_domain(node.domain());
  light.set_name(node.name());
  *light.mutable_input() = node.input();
  *light.mutable_output() = node.output();
  for (const auto& attribute : node.attribute()) {
    auto& copy = *light.add_attribute();
    if (attribute.has_t() && attribute.t().ByteSizeLong() > shape_data_bytes) {
      copy.set_name(attribute.name());
      copy.set_type(attribute.type());
      copy.mutable_t()->set_data_type(attribute.t().data_type());
      *copy.mutable_t()->mutable_dims() = attribute.t().dims();
    } else {
      copy = attribute;
    }
  }
}

// A node whose results inference cannot know: no operator of ONNX, no local function.
bool is_foreign(const proto::NodeProto& node,
                const std::set<std::pair<std::string, std::string>>& functions) {
  if (functions.contains({node.domain(), node.op_type()})) return false;
  return ::onnx::OpSchemaRegistry::Schema(node.op_type(), node.domain()) == nullptr;
}

// The model without its weights and without what it declares of values that can be inferred.
proto::ModelProto light_copy(const proto::ModelProto& model,
                             const ById<NodeId, std::size_t>& order) {
  proto::ModelProto light;
  light.set_ir_version(model.ir_version());
  *light.mutable_opset_import() = model.opset_import();
  *light.mutable_functions() = model.functions();
  const proto::GraphProto& graph = model.graph();
  proto::GraphProto& out = *light.mutable_graph();
  out.set_name(graph.name());

  std::set<std::string> inputs;
  for (const auto& input : graph.input()) {
    inputs.insert(input.name());
    *out.add_input() = input;
  }
  for (const auto& weight : graph.initializer()) {
    const bool overridable = model.ir_version() >= 4 && inputs.contains(weight.name());
    const bool small = weight.ByteSizeLong() <= shape_data_bytes &&
                       weight.data_location() != proto::TensorProto::EXTERNAL;
    if (small && !overridable) {
      *out.add_initializer() = weight;
    } else if (!inputs.contains(weight.name())) {
      declare(*out.add_input(), weight.name(), weight.data_type(), weight.dims());
    }
  }
  for (const auto& weight : graph.sparse_initializer()) {
    if (inputs.contains(weight.values().name())) continue;
    declare(*out.add_input(), weight.values().name(), weight.values().data_type(), weight.dims());
  }

  std::set<std::pair<std::string, std::string>> functions;
  for (const auto& function : model.functions()) {
    functions.emplace(function.domain(), function.name());
  }
  std::set<std::string> foreign;
  for (const std::size_t position : order) {
    const proto::NodeProto& node = graph.node(static_cast<int>(position));
    copy_light(node, *out.add_node());
    if (is_foreign(node, functions)) foreign.insert(node.output().begin(), node.output().end());
  }
  for (const auto& value : graph.value_info()) {
    if (foreign.contains(value.name())) *out.add_value_info() = value;
  }
  for (const auto& output : graph.output()) {
    if (foreign.contains(output.name())) {
      *out.add_output() = output;
    } else {
      out.add_output()->set_name(output.name());
    }
  }
  return light;
}

Dimension dimension_of(const proto::TensorShapeProto::Dimension& dim) {
  if (dim.has_dim_value()) {
    // A negative number is how some exporters write "unknown".
    if (dim.dim_value() < 0) return {};
    return {.size = dim.dim_value(), .symbol = ""};
  }
  // ONNX names what it could not infer "unk__0"; such a name says nothing.
  if (dim.dim_param().starts_with("unk__")) return {};
  return {.size = std::nullopt, .symbol = dim.dim_param()};
}

// Adds what is declared to what was inferred, which wins where they disagree.
void complete(ValueType& inferred, const ValueType& declared) {
  if (inferred.element == ElementType::undefined && inferred.container.empty()) {
    inferred = declared;
    return;
  }
  if (inferred.element != declared.element || !declared.dims) return;
  if (!inferred.dims) {
    inferred.dims = declared.dims;
  } else if (inferred.dims->size() == declared.dims->size()) {
    for (std::size_t i = 0; i < inferred.dims->size(); ++i) {
      Dimension& dim = (*inferred.dims)[i];
      if (!dim.size && ((*declared.dims)[i].size || dim.symbol.empty())) dim = (*declared.dims)[i];
    }
  }
}

// The outputs and values of a model as inference leaves them, as a GraphProto.
std::string inferred_ports(proto::ModelProto& light) {
  try {
    ::onnx::ShapeInferenceOptions options;
    options.enable_data_propagation = true;
    ::onnx::shape_inference::InferShapes(light, ::onnx::OpSchemaRegistry::Instance(), options);
  } catch (const std::exception&) {
    // What was inferred up to here stands in the model, and the rest is as declared.
  }
  proto::GraphProto ports;
  ports.mutable_output()->Swap(light.mutable_graph()->mutable_output());
  ports.mutable_value_info()->Swap(light.mutable_graph()->mutable_value_info());
  return ports.SerializePartialAsString();
}

}  // namespace

ValueType value_type(const proto::TypeProto& type) {
  ValueType result;
  if (!type.has_tensor_type()) {
    if (type.value_case() == proto::TypeProto::VALUE_NOT_SET) return result;
    try {
      result.container = *::onnx::Utils::DataTypeUtils::ToType(type);
    } catch (const std::exception&) {
      // A type that ONNX has no words for stays unknown.
    }
    return result;
  }
  result.element = static_cast<ElementType>(type.tensor_type().elem_type());
  if (type.tensor_type().has_shape()) {
    result.dims.emplace();
    for (const auto& dim : type.tensor_type().shape().dim()) {
      result.dims->push_back(dimension_of(dim));
    }
  }
  return result;
}

std::optional<proto::TypeProto> type_proto(const ValueType& type) {
  if (!type.container.empty()) {
    try {
      using ::onnx::Utils::DataTypeUtils;
      return DataTypeUtils::ToTypeProto(DataTypeUtils::ToType(type.container));
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }
  if (type.element == ElementType::undefined) return std::nullopt;
  proto::TypeProto result;
  auto& tensor = *result.mutable_tensor_type();
  tensor.set_elem_type(static_cast<std::int32_t>(type.element));
  if (type.dims) {
    tensor.mutable_shape();
    for (const Dimension& dim : *type.dims) {
      auto& added = *tensor.mutable_shape()->add_dim();
      if (dim.size) {
        added.set_dim_value(*dim.size);
      } else if (!dim.symbol.empty()) {
        added.set_dim_param(dim.symbol);
      }
    }
  }
  return result;
}

std::unordered_map<std::string, ValueType> infer_types(const proto::ModelProto& model,
                                                       const ById<NodeId, std::size_t>& order) {
  proto::ModelProto light = light_copy(model, order);
  // ONNX's inference trusts the model: a wrong one may crash it (Einsum of another rank than its
  // equation says, in ONNX 1.17).
  const auto inferred = run_isolated([&light] { return inferred_ports(light); },
                                     std::chrono::seconds(20) +
                                         std::chrono::milliseconds(5 * order.size()));
  if (inferred) {
    proto::GraphProto ports;
    ports.ParsePartialFromString(*inferred);
    light.mutable_graph()->mutable_output()->Swap(ports.mutable_output());
    light.mutable_graph()->mutable_value_info()->Swap(ports.mutable_value_info());
  }
  std::unordered_map<std::string, ValueType> types;
  const auto add = [&](const auto& values) {
    for (const auto& value : values) complete(types[value.name()], value_type(value.type()));
  };
  add(light.graph().input());
  add(light.graph().output());
  add(light.graph().value_info());
  add(model.graph().value_info());
  add(model.graph().output());
  for (const auto& weight : model.graph().initializer()) {
    proto::ValueInfoProto value;
    declare(value, weight.name(), weight.data_type(), weight.dims());
    complete(types[weight.name()], value_type(value.type()));
  }
  return types;
}

}  // namespace convoy::onnx
