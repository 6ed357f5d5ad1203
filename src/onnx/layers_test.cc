#include "onnx/layers.h"

#include <gtest/gtest.h>

#include <random>

namespace convoy::onnx {
namespace {

bool overlap(const Layout& layout, const std::vector<LayoutBox>& boxes, std::size_t a, std::size_t b) {
  const Point p = layout.corners[a];
  const Point q = layout.corners[b];
  return p.x < q.x + boxes[b].width && q.x < p.x + boxes[a].width &&
         p.y < q.y + boxes[b].height && q.y < p.y + boxes[a].height;
}

TEST(Layers, BoxesOfRandomGraphsKeepClearOfEachOtherAndEdgesRunDown) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 30; ++trial) {
    std::vector<LayoutBox> boxes;
    std::vector<LayoutEdge> edges;
    for (std::size_t i = 0; i < 2 + random() % 40; ++i) {
      boxes.push_back({.width = 20.0 + static_cast<double>(random() % 100),
                       .height = 10.0 + static_cast<double>(random() % 40)});
      for (std::size_t k = 0; i > 0 && k < random() % 4; ++k) {
        edges.push_back({.from = random() % i, .to = i});
      }
    }
    const Layout layout = layered(boxes, edges);
    ASSERT_EQ(layout.corners.size(), boxes.size());
    ASSERT_EQ(layout.routes.size(), edges.size());
    for (std::size_t a = 0; a < boxes.size(); ++a) {
      EXPECT_GE(layout.corners[a].x, -1e-6);
      EXPECT_GE(layout.corners[a].y, -1e-6);
      EXPECT_LE(layout.corners[a].x + boxes[a].width, layout.width + 1e-6);
      EXPECT_LE(layout.corners[a].y + boxes[a].height, layout.height + 1e-6);
      for (std::size_t b = 0; b < a; ++b) EXPECT_FALSE(overlap(layout, boxes, a, b)) << a << " " << b;
    }
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const std::vector<Point>& route = layout.routes[i];
      ASSERT_GE(route.size(), 2u);
      const auto [from, to] = edges[i];
      EXPECT_NEAR(route.front().y, layout.corners[from].y + boxes[from].height, 1e-6);
      EXPECT_NEAR(route.back().y, layout.corners[to].y, 1e-6);
      for (std::size_t k = 1; k < route.size(); ++k) EXPECT_GE(route[k].y, route[k - 1].y);
    }
  }
}

TEST(Layers, AnEdgeThatClosesACycleRunsUp) {
  const Layout layout = layered({{20, 10}, {20, 10}}, {{0, 1}, {1, 0}});
  EXPECT_LT(layout.corners[0].y, layout.corners[1].y);
  EXPECT_GT(layout.routes[1].front().y, layout.routes[1].back().y);
}

TEST(Layers, OfNothingAreNothing) { EXPECT_TRUE(layered({}, {}).corners.empty()); }

}  // namespace
}  // namespace convoy::onnx
