#include "onnx/boxes.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "onnx/cut.h"
#include "onnx/drawing.h"
#include "onnx/joined_split.h"
#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Partition halves(const Graph& graph, std::size_t front) {
  Partition partition{.parts = 2, .part_of = ById<NodeId, PartId>(graph.nodes.size())};
  for (std::size_t i = front; i < graph.nodes.size(); ++i) partition.part_of[NodeId(i)] = PartId(1);
  return partition;
}

// Nodes named n0, n1, ..., that each read one or two values before them.
Model random_model(std::size_t nodes, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string text = "g (float[2] v0) => (float[2] v" + std::to_string(nodes) + ") {\n";
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::size_t near = i - std::min<std::size_t>(i, random() % 3);
    text += random() % 2 == 0 ? fmt::format("v{} = Sin(v{})\n", i + 1, near)
                              : fmt::format("v{} = Add(v{}, v{})\n", i + 1, near, random() % (i + 1));
  }
  Model model = parse_graph((text + "}").c_str());
  for (int i = 0; auto& node : *model.box().model.mutable_graph()->mutable_node()) {
    node.set_name(fmt::format("n{}", i++));
  }
  return model;
}

TEST(Boxes, HoldEachNodeThatAnOutputNeedsOnceAndOfOnePartOnly) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const Model model = random_model(5 + seed * 20, seed);
    const Graph graph = index_graph(model).value();
    const Partition partition = halves(graph, graph.nodes.size() / 2);
    const BoxGraph drawn = boxes_of(model, graph, partition);
    EXPECT_LE(drawn.boxes.size(), 100u);
    std::map<std::string, PartId> part_of;
    for (const Box& box : drawn.boxes) {
      if (box.kind != BoxKind::nodes && box.kind != BoxKind::repeated) continue;
      for (const std::string& name : box.names) {
        EXPECT_TRUE(part_of.emplace(name, box.part).second) << name << " stands in two boxes";
      }
    }
    const ById<NodeId, bool> copied = copied_nodes(graph);
    for (const NodeId node : graph.nodes.ids()) {
      if (copied[node]) continue;
      const auto found = part_of.find(graph.nodes[node].name);
      ASSERT_NE(found, part_of.end()) << graph.nodes[node].name;
      EXPECT_EQ(found->second, partition.part_of[node]);
    }
    for (const BoxEdge& edge : drawn.edges) {
      EXPECT_LT(edge.from, drawn.boxes.size());
      EXPECT_LT(edge.to, drawn.boxes.size());
    }
  }
}

TEST(Boxes, WhatCrossesIsABoxWithItsTypeAndBytes) {
  const Model model = parse_graph(R"(
    g (float[2, 5] x) => (float[2, 5] y) { a = Sin(x) b = Exp(a) y = Cos(b) })");
  const Graph graph = index_graph(model).value();
  const BoxGraph drawn = boxes_of(model, graph, halves(graph, 2));
  std::vector<std::string> titles;
  for (const Box& box : drawn.boxes) {
    if (box.kind != BoxKind::crossing) continue;
    titles.push_back(box.title);
    ASSERT_FALSE(box.details.empty());
    EXPECT_THAT(box.details[0], HasSubstr("float32 [2, 5]"));
    EXPECT_THAT(fmt::format("{}", fmt::join(box.details, " ")), HasSubstr("40 B"));
  }
  EXPECT_THAT(titles, ElementsAre("b"));
}

TEST(Drawing, IsTheSameEachTimeAndHoldsWhatMustBeEscaped) {
  Model model = parse_graph("g (float[2] x) => (float[2] y) { h = Neg(x) y = Sin(h) }");
  auto& graph_proto = *model.box().model.mutable_graph();
  graph_proto.mutable_node(0)->set_output(0, "<h&\">");
  graph_proto.mutable_node(1)->set_input(0, "<h&\">");
  const Graph graph = index_graph(model).value();
  const std::vector<std::string> parts = {"phone & co", "laptop"};
  const std::string drawn = draw(model, graph, halves(graph, 1), parts);
  EXPECT_EQ(drawn, draw(model, graph, halves(graph, 1), parts));
  EXPECT_TRUE(drawn.starts_with("<svg "));
  EXPECT_TRUE(drawn.ends_with("</svg>\n"));
  EXPECT_THAT(drawn, HasSubstr("phone &amp; co"));
  EXPECT_THAT(drawn, HasSubstr("&lt;h&amp;&quot;&gt;"));
  EXPECT_THAT(drawn, Not(HasSubstr("<h&")));
}

TEST(JoinedSplit, IsTheModelThatWasSplitWithItsParts) {
  const ScratchFolder folder;
  const Model model = random_model(40, 7);
  const Graph graph = index_graph(model).value();
  const Partition partition = halves(graph, 15);
  const auto written = write_split(folder / "split", cut(model, graph, partition).value(),
                                   {.inputs = input_names(graph), .outputs = output_names(graph)});
  ASSERT_TRUE(written) << written.error().message;
  const auto joined = join_split(folder / "split");
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_EQ(joined->partition.parts, 2u);
  EXPECT_EQ(input_names(joined->graph), input_names(graph));
  EXPECT_EQ(output_names(joined->graph), output_names(graph));
  for (const NodeId node : joined->graph.nodes.ids()) {
    const auto& nodes = graph.nodes;
    const auto same = std::ranges::find(nodes, joined->graph.nodes[node].name, &Node::name);
    ASSERT_NE(same, nodes.end());
    EXPECT_EQ(joined->partition.part_of[node],
              partition.part_of[NodeId(static_cast<std::size_t>(same - nodes.begin()))]);
  }
}

}  // namespace
}  // namespace convoy::onnx
