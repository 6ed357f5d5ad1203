#include "onnx/work.h"

#include <onnx/defs/tensor_proto_util.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "onnx/captures.h"
#include "onnx/model_proto.h"
#include "onnx/operator_flops.h"
#include "onnx/value_types.h"

namespace convoy::onnx {
namespace {

KnownDims dims_of(const ValueType& type) {
  if (!type.dims) return std::nullopt;
  KnownDims dims(std::in_place);
  for (const Dimension& dim : *type.dims) {
    if (!dim.size) return std::nullopt;
    dims->push_back(*dim.size);
  }
  return dims;
}

// Loops that end by a condition are written with the largest number there is.
constexpr std::int64_t kMostSteps = std::numeric_limits<std::int32_t>::max() - 1;

class Counter {
 public:
  Counter(const proto::ModelProto& model, const Graph& graph) : model_(model), graph_(graph) {}

  ById<NodeId, Work> count() const {
    ById<NodeId, Work> all;
    all.reserve(graph_.nodes.size());
    for (const NodeId id : graph_.nodes.ids()) all.push_back(work_of_node(id));
    return all;
  }

 private:
  Work work_of_node(NodeId id) const {
    const auto& node = model_.graph().node(static_cast<int>(graph_.position[id]));
    bool has_body = false;
    for_each_body(node, [&](const proto::GraphProto&) { has_body = true; });
    return has_body ? work_of_bodies(node)
                    : Work{.flops = flops_of(call_of(node)), .moved = moved_by(graph_.nodes[id])};
  }

  ValueType type_of(const std::string& name) const {
    const auto value = graph_.find(name);
    return value ? graph_.values[*value].type : ValueType{};
  }

  OperatorCall call_of(const proto::NodeProto& node) const {
    OperatorCall call{.node = node, .inputs = {}, .outputs = {}};
    for (const std::string& name : node.input()) call.inputs.push_back(dims_of(type_of(name)));
    for (const std::string& name : node.output()) call.outputs.push_back(dims_of(type_of(name)));
    return call;
  }

  Bytes bytes(ValueId value) const {
    return bytes_of(graph_.values[value].type).value_or(Bytes(0));
  }

  Bytes moved_by(const Node& node) const {
    // Hand on the memory that they read, under another shape.
    static const std::set<std::string_view> aliases = {"Constant", "Flatten", "Identity",
                                                       "Reshape",  "Squeeze", "Unsqueeze"};
    // Read as much of their data as they write.
    static const std::set<std::string_view> pickers = {"Gather", "GatherElements", "GatherND",
                                                       "Slice"};
    if (aliases.contains(node.op)) return Bytes(0);
    Bytes written{0};
    for (const ValueId value : node.writes) written += bytes(value);
    if (node.op == "Shape" || node.op == "Size") return written;
    // A row of each of three tables, and their sum.
    if (node.op == "EmbedLayerNormalization") return written * 4;
    Bytes read{0};
    for (const ValueId value : node.reads) read += bytes(value);
    if (pickers.contains(node.op)) return written + read - bytes(node.reads[0]) + written;
    return written + read;
  }

  // A body as a model of its own, which reads as inputs what it captures.
  Model model_of_body(const proto::NodeProto& node, const proto::GraphProto& body) const {
    auto box = std::make_unique<ModelProtoBox>();
    box->model.set_ir_version(model_.ir_version());
    *box->model.mutable_opset_import() = model_.opset_import();
    *box->model.mutable_functions() = model_.functions();
    proto::NodeProto alone;
    *alone.add_attribute()->mutable_g() = body;
    proto::GraphProto& graph = *box->model.mutable_graph();
    for (const std::string& name : names_of_bodies(alone).captured) {
      declare(*graph.add_input(), name, type_of(name));
    }
    const int captured = graph.input_size();
    graph.MergeFrom(body);
    if (node.op_type() == "Loop") {
      for (int i = 2; i < std::min(body.input_size(), node.input_size()); ++i) {  // carried along
        declare(*graph.mutable_input(captured + i), body.input(i).name(), type_of(node.input(i)));
      }
    }
    return Model(std::move(box));
  }

  // Keeps what is declared where nothing more is known.
  static void declare(proto::ValueInfoProto& value, const std::string& name,
                      const ValueType& type) {
    value.set_name(name);
    if (auto known = type_proto(type); known && type.dims)
      *value.mutable_type() = *std::move(known);
  }

  Work work_of_bodies(const proto::NodeProto& node) const {
    Work most;
    for_each_body(node, [&](const proto::GraphProto& body) {
      const Model model = model_of_body(node, body);
      const Result<Graph> graph = index_graph(model);
      if (!graph) return;
      Work sum;
      for (const Work& work : work_of(model, *graph)) {
        sum.flops += work.flops;
        sum.moved += work.moved;
      }
      most.flops = std::max(most.flops, sum.flops);
      most.moved = std::max(most.moved, sum.moved);
    });
    const std::int64_t steps = steps_of(node);
    return {.flops = most.flops * static_cast<double>(steps), .moved = most.moved * steps};
  }

  std::int64_t steps_of(const proto::NodeProto& node) const {
    if (node.op_type() == "Loop") return loop_steps(node).value_or(1);
    if (node.op_type() == "Scan") return scan_steps(node).value_or(1);
    return 1;
  }

  // By what it collects, a row a step; else by how often it may go round.
  std::optional<std::int64_t> loop_steps(const proto::NodeProto& node) const {
    for (int i = std::max(0, node.input_size() - 2); i < node.output_size(); ++i) {
      const KnownDims dims = dims_of(type_of(node.output(i)));
      if (dims && !dims->empty()) return dims->front();
    }
    for (const proto::TensorProto& weight : model_.graph().initializer()) {
      if (node.input_size() == 0 || weight.name() != node.input(0)) continue;
      const std::vector<std::int64_t> most = ::onnx::ParseData<std::int64_t>(&weight);
      if (most.size() == 1 && most[0] >= 0 && most[0] <= kMostSteps) return most[0];
    }
    return std::nullopt;
  }

  // By the first sequence that it goes through.
  std::optional<std::int64_t> scan_steps(const proto::NodeProto& node) const {
    std::int64_t sequences = 0;
    std::int64_t axis = 0;
    for (const proto::AttributeProto& attribute : node.attribute()) {
      if (attribute.name() == "num_scan_inputs") sequences = attribute.i();
      if (attribute.name() == "scan_input_axes" && attribute.ints_size() > 0) {
        axis = attribute.ints(0);
      }
    }
    if (sequences < 1 || sequences > node.input_size()) return std::nullopt;
    const KnownDims dims =
        dims_of(type_of(node.input(node.input_size() - static_cast<int>(sequences))));
    if (dims && axis < 0) axis += std::ssize(*dims);
    if (!dims || axis < 0 || axis >= std::ssize(*dims)) return std::nullopt;
    return (*dims)[static_cast<std::size_t>(axis)];
  }

  const proto::ModelProto& model_;
  const Graph& graph_;
};

}  // namespace

ById<NodeId, Work> work_of(const Model& model, const Graph& graph) {
  return Counter(model.box().model, graph).count();
}

}  // namespace convoy::onnx
