#include "naive_cut.h"

#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace convoy {
namespace {

using Names = std::set<std::string>;

struct Piece {
  ::onnx::ModelProto model;
  Names made;
  Names read;  // and not made
};

Piece piece_of(const ::onnx::ModelProto& whole, int first, int last) {
  Piece piece;
  piece.model.set_ir_version(whole.ir_version());
  *piece.model.mutable_opset_import() = whole.opset_import();
  ::onnx::GraphProto& graph = *piece.model.mutable_graph();
  graph.set_name(whole.graph().name());
  Names operators;
  for (int i = first; i < last; ++i) {
    const ::onnx::NodeProto& node = *graph.add_node() = whole.graph().node(i);
    operators.insert(node.op_type());
    piece.read.insert(node.input().begin(), node.input().end());
    piece.made.insert(node.output().begin(), node.output().end());
  }
  for (const std::string& name : piece.made) piece.read.erase(name);
  for (const auto& function : whole.functions()) {
    if (operators.contains(function.name())) *piece.model.add_functions() = function;
  }
  for (const auto& weight : whole.graph().initializer()) {
    if (piece.read.erase(weight.name()) > 0) *graph.add_initializer() = weight;
  }
  piece.read.erase("");
  return piece;
}

}  // namespace

Result<engine::NamedTensors> run_naive_pieces(const std::filesystem::path& file, int front,
                                              const engine::NamedTensors& inputs,
                                              const std::filesystem::path& scratch) {
  ::onnx::ModelProto whole;
  {
    std::ifstream in(file, std::ios::binary);
    whole.ParseFromIstream(&in);
  }
  ::onnx::shape_inference::InferShapes(whole);
  std::map<std::string, ::onnx::ValueInfoProto> types;
  Names outputs;
  for (const auto& value : whole.graph().value_info()) types[value.name()] = value;
  for (const auto& value : whole.graph().input()) types[value.name()] = value;
  for (const auto& value : whole.graph().output()) {
    types[value.name()] = value;
    outputs.insert(value.name());
  }

  std::vector<Piece> pieces{piece_of(whole, 0, front),
                            piece_of(whole, front, whole.graph().node_size())};
  engine::NamedTensors values = inputs;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    ::onnx::GraphProto& graph = *pieces[i].model.mutable_graph();
    for (const std::string& name : pieces[i].read) {
      if (!types.contains(name)) return fail(ErrorKind::failure, "{} has no type", name);
      *graph.add_input() = types[name];
    }
    for (const std::string& name : pieces[i].made) {
      if (!outputs.contains(name) && !(i == 0 && pieces[1].read.contains(name))) continue;
      if (!types.contains(name)) return fail(ErrorKind::failure, "{} has no type", name);
      *graph.add_output() = types[name];
    }
    const std::filesystem::path path = scratch / ("naive_" + std::to_string(i) + ".onnx");
    std::ofstream(path, std::ios::binary) << pieces[i].model.SerializeAsString();
    auto made = engine::run_file(path, {.level = onnx::OptimizationLevel::none}, values);
    if (!made) return made;
    values.merge(*made);
  }
  return values;
}

}  // namespace convoy
