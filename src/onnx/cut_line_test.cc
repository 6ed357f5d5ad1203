#include "onnx/cut_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Graph index(const Model& model) { return index_graph(model).value(); }

// The part of each placed node, by the name of its first result.
std::map<std::string, std::size_t> parts_by_result(const Graph& graph, const Partition& partition) {
  const ById<NodeId, bool> copied = copied_nodes(graph);
  std::map<std::string, std::size_t> parts;
  for (const NodeId node : graph.nodes.ids()) {
    if (copied[node]) continue;
    parts[graph.values[graph.nodes[node].writes[0]].name] = partition.part_of[node].index();
  }
  return parts;
}

std::map<std::string, std::size_t> cut_parts(const Graph& graph, const std::vector<CutLine>& lines) {
  const Result<Partition> partition = partition_at(graph, lines);
  if (!partition) throw std::invalid_argument(partition.error().message);
  return parts_by_result(graph, *partition);
}

std::string cut_error(const Graph& graph, const std::vector<CutLine>& lines) {
  const Result<Partition> partition = partition_at(graph, lines);
  return partition ? "cut without error" : partition.error().message;
}

using Parts = std::map<std::string, std::size_t>;

TEST(CutLine, ACutPutsWhatItDependsOnInFront) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(b) y = Abs(c) }"));
  EXPECT_EQ(cut_parts(graph, {{{"b"}}}), (Parts{{"a", 0}, {"b", 0}, {"c", 1}, {"y", 1}}));
  EXPECT_EQ(cut_parts(graph, {{{"c"}}, {{"a"}}}), (Parts{{"a", 0}, {"b", 1}, {"c", 1}, {"y", 2}}));
}

TEST(CutLine, BranchesFromTheInputsGoWhereTheyAreNeeded) {
  // "s" hangs on the input alone and is read behind the cut; "t" on the front alone.
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y, float[2] t) "
      "{ a = Neg(x) s = Exp(x) b = Abs(a) t = Log(a) y = Add(b, s) }"));
  EXPECT_EQ(cut_parts(graph, {{{"b"}}}),
            (Parts{{"a", 0}, {"s", 1}, {"b", 0}, {"t", 0}, {"y", 1}}));
}

TEST(CutLine, SeveralValuesCrossTogether) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(a) d = Abs(c) y = Add(b, d) }"));
  EXPECT_EQ(cut_parts(graph, {{{"b", "c"}}}),
            (Parts{{"a", 0}, {"b", 0}, {"c", 0}, {"d", 1}, {"y", 1}}));
  // One of them may depend on the other.
  EXPECT_EQ(cut_parts(graph, {{{"a", "c"}}}),
            (Parts{{"a", 0}, {"b", 1}, {"c", 0}, {"d", 1}, {"y", 1}}));
}

TEST(CutLine, AValueMayBeReadBehindLaterCutsToo) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(b) y = Add(c, a) }"));
  EXPECT_EQ(cut_parts(graph, {{{"a"}}, {{"c"}}}), (Parts{{"a", 0}, {"b", 1}, {"c", 1}, {"y", 2}}));
}

TEST(CutLine, ParallelBranchesMayBeCutOneByOne) {
  const Graph graph = index(parse_graph(
      "g (float[2] x, float[2] z) => (float[2] y) { a = Neg(x) b = Abs(z) c = Neg(b) y = Add(a, c) }"));
  EXPECT_EQ(cut_parts(graph, {{{"a"}}}), (Parts{{"a", 0}, {"b", 1}, {"c", 1}, {"y", 1}}));
  EXPECT_THAT(cut_error(graph, {{{"a"}}, {{"c"}}}), HasSubstr("leave no node between them"));
}

TEST(CutLine, AnUnknownNameIsAnsweredWithTheNearest) {
  const Graph graph = index(parse_graph("g (float[2] x) => (float[2] y) { hidden = Neg(x) y = Abs(hidden) }"));
  EXPECT_THAT(cut_error(graph, {{{"hiden"}}}),
              HasSubstr("no value \"hiden\"; did you mean \"hidden\"?"));
  EXPECT_THAT(cut_error(graph, {{}}), HasSubstr("a cut without a value's name"));
  const Graph with_constants = index(parse_graph(
      "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> "
      "{ k = Neg(w) hidden = Mul(x, k) y = Abs(hidden) }"));
  EXPECT_THAT(cut_error(with_constants, {{{"other"}}}),
              testing::EndsWith("no value \"other\"; known: hidden"));
}

TEST(CutLine, OnlyValuesThatNodesComputeCanCross) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> "
      "{ k = Neg(w) a = Add(x, k) b = Add(a, w) y = Abs(b) }"));
  EXPECT_THAT(cut_error(graph, {{{"x"}}}),
              HasSubstr("cannot cut at \"x\": it is an input of the model; the nearest value that "
                        "separates alone is \"a\""));
  EXPECT_THAT(cut_error(graph, {{{"w"}}}), HasSubstr("it is an initializer"));
  EXPECT_THAT(cut_error(graph, {{{"k"}}}), HasSubstr("it is constant, or"));
  EXPECT_THAT(cut_error(graph, {{{"a", "a"}}}), HasSubstr("\"a\" is given twice"));
  EXPECT_THAT(cut_error(graph, {{{"a"}}, {{"a"}}}), HasSubstr("\"a\" is given twice"));
  EXPECT_THAT(cut_error(graph, {{{"y"}}}), HasSubstr("nothing is computed from \"y\""));
}

TEST(CutLine, AValueInsideABodyIsAnsweredWithTheNodeAroundIt) {
  const Graph graph = index(named(parse_graph(R"(
      g (bool p, float[2] x) => (float[2] y) {
        h = Neg(x)
        i = If (p) <then_branch = t () => (float[2] in) { in = Neg(h) },
                    else_branch = e () => (float[2] out) { out = Abs(h) }>
        y = Neg(i)
      })"), {"", "gate"}));
  EXPECT_THAT(cut_error(graph, {{{"in"}}}), HasSubstr("inside the body of \"gate\" (If)"));
  EXPECT_EQ(cut_parts(graph, {{{"h"}}}), (Parts{{"h", 0}, {"i", 1}, {"y", 1}}));
}

TEST(CutLine, WhatWouldAlsoHaveToCrossIsNamed) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(b) d = Add(c, a) y = Abs(d) }"));
  EXPECT_THAT(cut_error(graph, {{{"b"}}}),
              HasSubstr("\"b\" does not separate the model: \"a\" would also have to cross; the "
                        "nearest value that separates alone is \"a\""));
  EXPECT_EQ(cut_error(graph, {{{"b", "a"}}}), "cut without error");
}

TEST(CutLine, CutsThatCrossEachOtherAreRefused) {
  const Graph graph = index(parse_graph(
      "g (float[2] x, float[2] z) => (float[2] y) "
      "{ a = Neg(x) b = Neg(z) c = Add(a, b) d = Neg(a) e = Neg(d) f = Neg(b) y = Sum(c, e, f) }"));
  EXPECT_THAT(cut_error(graph, {{{"a", "f"}}, {{"b", "e", "c"}}}), HasSubstr("cross: "));
}

TEST(CutLine, ConstantsDoNotSpoilACut) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) "
      "{ k = Constant<value_floats = [1.0, 2.0]>() j = Neg(k) a = Add(x, j) y = Add(a, j) }"));
  EXPECT_EQ(cut_parts(graph, {{{"a"}}}), (Parts{{"a", 0}, {"y", 1}}));
}

TEST(CutLine, ShapesCrossWithoutBeingNamed) {
  const Graph graph = index(parse_graph(
      "g (float[N, 4] x) => (float[N, 4] y) { s = Shape(x) a = Neg(x) t = Shape(a) "
      "b = Exp(a) c = Reshape(b, s) y = Reshape(c, t) }"));
  EXPECT_EQ(cut_parts(graph, {{{"b"}}}),
            (Parts{{"s", 0}, {"a", 0}, {"t", 0}, {"b", 0}, {"c", 1}, {"y", 1}}));
}

TEST(CutLine, AFrontThatNeedsAShapeFromBehindIsNoFront) {
  // As in networks that bring an early tensor to the size of a late one.
  const Graph graph = index(parse_graph(
      "g (float[N, 4] x) => (float[N, 4] y, float[N, 4] z) "
      "{ a = Neg(x) b = Exp(a) c = Neg(b) s = Shape(c) y = Reshape(a, s) z = Neg(c) }"));
  EXPECT_THAT(cut_error(graph, {{{"b"}}}), HasSubstr("\"b\" cannot be cut off: "));
  EXPECT_EQ(cut_error(graph, {{{"b", "a"}}}), "cut without error");
}

// A random graph: nodes with one or two results that read one to three earlier values.
Model random_model(std::mt19937& random, int nodes) {
  Model model = parse_graph("g (float[2] x0, float[2] x1) => (float[2] y) { y = Neg(x0) }");
  auto& graph = *model.box().model.mutable_graph();
  graph.clear_node();
  graph.clear_output();
  std::vector<std::string> values = {"x0", "x1"};
  const auto below = [&](std::size_t count) { return random() % count; };
  for (int i = 0; i < nodes; ++i) {
    auto& node = *graph.add_node();
    node.set_op_type(below(6) == 0 ? "Shape" : "Sum");
    for (std::size_t reads = node.op_type() == "Shape" ? 1 : 1 + below(3); reads > 0; --reads) {
      // Mostly recent values, so that some graphs are narrow.
      const std::size_t back = below(3) == 0 ? below(values.size()) : below(std::min<std::size_t>(3, values.size()));
      node.add_input(values[values.size() - 1 - back]);
    }
    std::vector<std::string> made = {"v" + std::to_string(i)};
    if (below(5) == 0 && node.op_type() == "Sum") made.push_back("w" + std::to_string(i));
    for (const std::string& name : made) {
      node.add_output(name);
      values.push_back(name);
    }
  }
  // What nothing reads is an output, so that every node is needed.
  std::set<std::string> unread(values.begin() + 2, values.end());
  for (const auto& node : graph.node()) {
    for (const std::string& input : node.input()) unread.erase(input);
  }
  for (const std::string& name : unread) graph.add_output()->set_name(name);
  return model;
}

// The smallest back over all ways to split the nodes in two with nothing but `value` crossing; 0 if
// there is none.
std::size_t smallest_back(const Graph& graph, ValueId value) {
  const ById<ValueId, bool> shapes = shape_values(graph);
  std::size_t best = 0;
  for (std::size_t back = 1; back < std::size_t{1} << graph.nodes.size(); ++back) {
    const auto in_back = [&](NodeId node) { return (back >> node.index() & 1) != 0; };
    bool holds = !graph.values[value].consumers.empty() && !in_back(*graph.values[value].producer);
    for (const ValueId other : graph.values.ids()) {
      if (!holds || !graph.values[other].producer) continue;
      for (const NodeId consumer : graph.values[other].consumers) {
        const bool crosses = in_back(consumer) != in_back(*graph.values[other].producer);
        if (shapes[other] && other != value) {
          holds = holds && !(crosses && in_back(*graph.values[other].producer));
        } else {
          holds = holds && crosses == (other == value);
        }
      }
    }
    const auto size = static_cast<std::size_t>(std::popcount(back));
    if (holds && (best == 0 || size < best)) best = size;
  }
  return best;
}

TEST(SeparatingCuts, AgreeWithBruteForceAndWithPartitionAt) {
  std::mt19937 random(20240611);
  int separating = 0;
  int with_shapes = 0;
  for (int round = 0; round < 150; ++round) {
    const Graph graph = index(random_model(random, 2 + static_cast<int>(random() % 8)));
    const ById<ValueId, bool> shapes = shape_values(graph);
    with_shapes += std::ranges::contains(shapes, true) ? 1 : 0;
    std::map<std::string, std::size_t> found;
    for (const SeparatingCut& cut : separating_cuts(graph)) {
      found[graph.values[cut.value].name] = cut.nodes_before;
    }
    for (const ValueId id : graph.values.ids()) {
      const Value& value = graph.values[id];
      if (!value.producer || shapes[id]) continue;
      const std::size_t back = smallest_back(graph, id);
      const Result<Partition> partition = partition_at(graph, std::vector<CutLine>{{{value.name}}});
      ASSERT_EQ(found.contains(value.name), back > 0) << round << " " << value.name;
      ASSERT_EQ(partition.has_value(), back > 0) << round << " " << value.name;
      if (back == 0) continue;
      ++separating;
      EXPECT_EQ(found[value.name], graph.nodes.size() - back) << round << " " << value.name;
      EXPECT_EQ(std::ranges::count(partition->part_of, PartId(1)), back);
      EXPECT_TRUE(parts_of(graph, *partition));
    }
  }
  EXPECT_GT(separating, 200);
  EXPECT_GT(with_shapes, 50);
}

TEST(SeparatingCuts, ComeFrontToBack) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(a) d = Add(b, c) y = Add(d, x) }"));
  std::vector<std::string> names;
  std::vector<std::size_t> before;
  for (const SeparatingCut& cut : separating_cuts(graph)) {
    names.push_back(graph.values[cut.value].name);
    before.push_back(cut.nodes_before);
  }
  EXPECT_THAT(names, ElementsAre("a", "d"));
  EXPECT_THAT(before, ElementsAre(1, 4));
  EXPECT_THAT(separating_cuts(index(parse_graph("g (float[2] x) => (float[2] y) { y = Neg(x) }"))),
              IsEmpty());
}

TEST(SeparatingCuts, OfALongChainTakeNoTime) {
  Model model = parse_graph("g (float[2] v0) => (float[2] y) { y = Neg(v0) }");
  auto& source = *model.box().model.mutable_graph();
  source.clear_node();
  constexpr int length = 10'000;
  for (int i = 0; i < length; ++i) {
    auto& node = *source.add_node();
    node.set_op_type("Neg");
    node.add_input("v" + std::to_string(i));
    node.add_output(i + 1 == length ? "y" : "v" + std::to_string(i + 1));
  }
  const Graph graph = index(model);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(separating_cuts(graph).size(), 9'999u);
  EXPECT_TRUE(partition_at(graph, std::vector<CutLine>{{{"v5000"}}}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace convoy::onnx
