// What the bodies of If, Loop and Scan read from the graph around them.
#pragma once

#include <string>
#include <vector>

#include "onnx/model_proto.h"

namespace convoy::onnx {

// All bodies of one node, at any depth.
struct BodyNames {
  std::vector<std::string> captured;  // read from outside, each once, in order of first reading
  std::vector<std::string> made;      // by nodes of the bodies
};

// A name that a body defines itself (as input, initializer or result) is its own, whatever the graph
// around it calls by that name.
[[nodiscard]] BodyNames names_of_bodies(const proto::NodeProto& node);

}  // namespace convoy::onnx
