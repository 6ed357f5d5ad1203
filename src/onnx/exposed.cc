#include "onnx/exposed.h"

#include <unordered_set>

#include "onnx/model_proto.h"
#include "onnx/value_types.h"

namespace convoy::onnx {

std::size_t expose_values(Model& model) {
  proto::GraphProto& graph = *model.box().model.mutable_graph();
  const auto outputs = static_cast<std::size_t>(graph.output_size());
  std::unordered_set<std::string> names = {""};  // an output that a node leaves out
  for (const auto& output : graph.output()) names.insert(output.name());
  for (const auto& node : graph.node()) {
    for (const std::string& name : node.output()) {
      if (names.insert(name).second) graph.add_output()->set_name(name);
    }
  }
  return outputs;
}

void declare_values(Model& model, std::size_t outputs,
                    const std::map<std::string, ValueType>& types) {
  proto::GraphProto& graph = *model.box().model.mutable_graph();
  const int kept = static_cast<int>(outputs);
  std::unordered_set<std::string> declared;
  for (const auto& value : graph.value_info()) declared.insert(value.name());
  for (int i = kept; i < graph.output_size(); ++i) {
    const std::string& name = graph.output(i).name();
    const auto type = types.find(name);
    if (type == types.end() || declared.contains(name)) continue;
    if (const auto proto = type_proto(type->second)) {
      auto& value = *graph.add_value_info();
      value.set_name(name);
      *value.mutable_type() = *proto;
    }
  }
  graph.mutable_output()->DeleteSubrange(kept, graph.output_size() - kept);
}

}  // namespace convoy::onnx
