// A graph in a few boxes, to be drawn.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "foundation/id.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/partition.h"

namespace convoy::onnx {

enum class BoxKind {
  nodes,     // one node, or several of one part
  repeated,  // several blocks of the same structure, one behind the other
  port,      // inputs or outputs of the model
  crossing,  // values that one part hands to others
};

struct Box {
  BoxKind kind = BoxKind::nodes;
  PartId part;                       // of nodes
  std::string title;
  std::vector<std::string> details;  // a line each
  std::vector<std::string> names;    // of the nodes or values inside
};

struct BoxEdge {
  std::size_t from = 0;  // positions in the list of boxes
  std::size_t to = 0;
  bool only_shapes = false;
  std::vector<ValueId> values;
};

struct BoxGraph {
  std::vector<Box> boxes;
  std::vector<BoxEdge> edges;
};

// Repeated blocks become one box, so does each linear chain; then, as long as there are too many to
// be looked at, what lies between two separating values, and at last neighbours in the order of the
// nodes. No box of nodes has nodes of two parts. Copied nodes are left out, unless there are no others.
[[nodiscard]] BoxGraph boxes_of(const Model& model, const Graph& graph, const Partition& partition);

}  // namespace convoy::onnx
