// ONNX's protobuf classes, for src/onnx only.
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <set>
#include <string>

namespace convoy::onnx {

namespace proto = ::onnx;

struct ModelProtoBox {
  proto::ModelProto model;
  std::filesystem::path file;            // where it was read from, or empty
  std::set<std::string> data_locations;  // files with external data, relative to data_folder
  std::filesystem::path data_folder;
};

// `"conv1" (Conv)`, or `the Conv that makes "x"` for a node without a name.
[[nodiscard]] std::string label_of(const proto::NodeProto& node);

// Calls visit(GraphProto&) for the bodies that a node carries itself; const or not, as the node is.
template <class Visit>
void for_each_body(const proto::NodeProto& node, Visit&& visit) {
  for (const proto::AttributeProto& attribute : node.attribute()) {
    if (attribute.has_g()) visit(attribute.g());
    for (const proto::GraphProto& body : attribute.graphs()) visit(body);
  }
}
template <class Visit>
void for_each_body(proto::NodeProto& node, Visit&& visit) {
  for (proto::AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.has_g()) visit(*attribute.mutable_g());
    for (proto::GraphProto& body : *attribute.mutable_graphs()) visit(body);
  }
}

}  // namespace convoy::onnx
