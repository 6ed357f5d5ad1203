// Where to draw the boxes of a graph so that its edges run from top to bottom.
#pragma once

#include <cstddef>
#include <vector>

namespace convoy::onnx {

struct Point {
  double x = 0;
  double y = 0;
};

struct LayoutBox {
  double width = 0;
  double height = 0;
};

struct LayoutEdge {
  std::size_t from = 0;  // positions in the list of boxes
  std::size_t to = 0;
};

struct Layout {
  std::vector<Point> corners;              // upper left, per box
  std::vector<std::vector<Point>> routes;  // per edge: where it leaves, bends and arrives
  double width = 0;
  double height = 0;
};

// Layers by longest paths, places in a layer by barycentres of what a box is connected to (Sugiyama,
// Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", IEEE Trans.
// SMC 11(2), 1981), then coordinates as near to those as widths allow. An edge that would close a
// cycle runs upwards. The same for the same input, on any machine.
[[nodiscard]] Layout layered(const std::vector<LayoutBox>& boxes,
                             const std::vector<LayoutEdge>& edges);

}  // namespace convoy::onnx
