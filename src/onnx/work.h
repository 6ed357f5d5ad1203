// How much the nodes of a model compute and move: counted, not measured.
#pragma once

#include "foundation/id.h"
#include "foundation/units.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::onnx {

struct Work {
  // Additions, multiplications, comparisons and elementary functions (exp, erf, ...): one each, so
  // that a product that is added up counts two. Integers count as floats do.
  double flops = 0;
  // What it reads and writes, each value and weight once; less where an operator reads a part only
  // (Gather, Slice) or ONNX Runtime hands the same memory on (Reshape).
  Bytes moved{0};
};

// One run of each node of `graph`, which `model` was indexed into and whose values have the types
// of that run (engine::see_types). An If counts as the larger of its branches, a Loop or Scan as
// its body times the steps that its results tell, or one. What has unknown dimensions counts as
// nothing, an unknown operator as one operation for each element that it makes.
[[nodiscard]] ById<NodeId, Work> work_of(const Model& model, const Graph& graph);

}  // namespace convoy::onnx
