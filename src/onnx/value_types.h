// What is known of a model's values before it runs.
#pragma once

#include <string>
#include <unordered_map>

#include "onnx/graph.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

// By value name: inferred from the inputs by ONNX's shape inference, which trusts no declared shape
// but that of operators it does not know; then what the model declares, where inference says
// nothing. Never fails: what cannot be inferred is not known. `order`: positions of the nodes in a
// topological order.
[[nodiscard]] std::unordered_map<std::string, ValueType> infer_types(
    const proto::ModelProto& model, const ById<NodeId, std::size_t>& order);

[[nodiscard]] ValueType value_type(const proto::TypeProto& type);

// The reverse. Nothing for an unknown element type.
[[nodiscard]] std::optional<proto::TypeProto> type_proto(const ValueType& type);

}  // namespace convoy::onnx
