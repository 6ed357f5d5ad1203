// Partitions by the values that one part hands to the next.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "onnx/graph.h"
#include "onnx/partition.h"

namespace convoy::onnx {

// A cut as people give it: the values that one part hands to the next.
struct CutLine {
  std::vector<std::string> values;
};

// Whether a refusal names the nearest value that separates alone, which takes a search.
enum class Advice { nearest, none };

// Parts between cut lines, which may come in any order. A node stands behind a line if it depends on
// the line's values, or is tied by other values to one that does; else before it. What one line
// hands over may be read behind later lines as well: it goes there directly. Results of shape
// arithmetic (shape_values) need no naming: they cross wherever they are read.
// Errors: an unknown name (the nearest known one), a value that is an input, initializer, constant
// or inside a body (the enclosing node), a repeated name, values that do not separate the graph (the
// values that would also have to cross, and the nearest single value that separates), lines that
// cross each other or leave no node between.
[[nodiscard]] Result<Partition> partition_at(const Graph& graph, std::span<const CutLine> lines,
                                             Advice advice = Advice::nearest);

// A value at which the graph falls into a front and a back with nothing else crossing but shapes.
struct SeparatingCut {
  ValueId value;
  std::size_t nodes_before = 0;  // placed nodes of the front
};

// All values that partition_at accepts alone, but for shapes, front to back. A graph input that is
// read on both sides does not spoil a cut, as inputs can be fed to any part. Takes time in
// proportion to the graph, and again for each cut that shape arithmetic passes by and that is no
// clean cut in the order of the nodes.
[[nodiscard]] std::vector<SeparatingCut> separating_cuts(const Graph& graph);

// The value of this name as users may give it. Errors: an unknown name (the nearest of a value that
// `fits`), a value inside a body (the enclosing node).
[[nodiscard]] Result<ValueId> find_value(const Graph& graph, const std::string& name,
                                         const std::function<bool(const Value&)>& fits);

}  // namespace convoy::onnx
