#include "onnx/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Graph index(const Model& model) {
  Result<Graph> graph = index_graph(model);
  if (!graph) throw std::invalid_argument(graph.error().message);
  return *std::move(graph);
}

std::string index_error(const Model& model) {
  const Result<Graph> graph = index_graph(model);
  return graph ? "indexed without error" : graph.error().message;
}

const Value& value(const Graph& graph, const std::string& name) {
  return graph.values[graph.find(name).value()];
}

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& values) {
  std::vector<std::string> result;
  for (const ValueId id : values) result.push_back(graph.values[id].name);
  return result;
}

std::vector<std::string> reads_of_maker(const Graph& graph, const std::string& made) {
  return names(graph, graph.nodes[value(graph, made).producer.value()].reads);
}

TEST(Graph, KnowsWhoMakesAndReadsEachValue) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { h = Add(x, w) y = Mul(h, h) }"));
  EXPECT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(value(graph, "h").producer, NodeId(0));
  EXPECT_THAT(value(graph, "h").consumers, ElementsAre(NodeId(1)));
  EXPECT_TRUE(value(graph, "x").is_input);
  EXPECT_TRUE(value(graph, "y").is_output);
  EXPECT_FALSE(value(graph, "w").is_input);
  EXPECT_EQ(graph.weights[value(graph, "w").weight.value()].bytes, Bytes(8));
  EXPECT_EQ(graph.find("nobody"), std::nullopt);
}

TEST(Graph, OptionalInputsAndOutputsThatAreLeftOutAreNoValues) {
  Model model = parse_graph(
      "g (float[2, 2] x, float[1] high) => (float[2, 2] y) "
      "{ c = Clip(x, , high) y, mask = Dropout(c) }");
  node_of(model, 1).set_output(1, "");
  const Graph graph = index(model);
  EXPECT_THAT(reads_of_maker(graph, "c"), ElementsAre("x", "high"));
  EXPECT_EQ(graph.find(""), std::nullopt);
}

constexpr const char* nested_bodies = R"(
  g (bool p, float[2] x, float[2] z) => (float[2] y) <float[2] w = {1, 2}> {
    h = Neg(x)
    unrelated = Abs(z)
    y = If (p) <
      then_branch = outer () => (float[2] a) {
        a = If (p) <
          then_branch = inner () => (float[2] b) { b = Add(h, w) },
          else_branch = inner2 () => (float[2] c) { unrelated = Neg(z) c = Add(unrelated, z) }
        >
      },
      else_branch = outer2 () => (float[2] d) <float[2] h = {0, 0}> { d = Abs(h) }
    >
  })";

TEST(Graph, CapturesAtAnyDepthAreReads) {
  const Graph graph = index(parse_graph(nested_bodies));
  // "unrelated" and, in the second branch, "h" are the bodies' own.
  EXPECT_THAT(reads_of_maker(graph, "y"), UnorderedElementsAre("p", "h", "w", "z"));
  EXPECT_THAT(value(graph, "unrelated").consumers, IsEmpty());
  EXPECT_THAT(value(graph, "h").consumers, ElementsAre(NodeId(2)));
}

TEST(Graph, ValuesInsideBodiesAreKnownByTheirEnclosingNode) {
  const Graph graph = index(parse_graph(nested_bodies));
  EXPECT_EQ(graph.find("b"), std::nullopt);
  EXPECT_EQ(graph.inside_bodies.at("b"), NodeId(2));
  EXPECT_EQ(label_of(graph, graph.inside_bodies.at("b")), "the If that makes \"y\"");
}

TEST(Graph, BodyInputsOfLoopAreItsOwn) {
  const Graph graph = index(parse_graph(R"(
    g (int64 n, float[2] x) => (float[2] y) <bool keep = {1}, float[2] step = {1, 1}> {
      y = Loop (n, keep, x) <body = b (int64 i, bool c, float[2] x) => (bool d, float[2] s) {
        d = Identity(c)
        s = Add(x, step)
      }>
    })"));
  EXPECT_THAT(reads_of_maker(graph, "y"), ElementsAre("n", "keep", "x", "step"));
}

TEST(Graph, AnInitializerThatIsAlsoAnInputIsADefaultSinceIrVersion4) {
  const std::string text = R"(, opset_import: ["" : 18]>
    g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { y = Add(x, w) })";
  const Graph now = index(parse_model("<ir_version: 4" + text));
  EXPECT_TRUE(value(now, "w").is_input);
  EXPECT_TRUE(value(now, "w").weight);
  EXPECT_THAT(names(now, now.inputs), ElementsAre("x", "w"));
  const Graph then = index(parse_model("<ir_version: 3" + text));
  EXPECT_FALSE(value(then, "w").is_input);
  EXPECT_TRUE(value(then, "w").weight);
  EXPECT_THAT(names(then, then.inputs), ElementsAre("x"));
}

TEST(Graph, SparseInitializersAreWeights) {
  Model model = parse_graph("g (float[3] x) => (float[3] y) <float[3] w = {0, 5, 0}> { y = Add(x, w) }");
  auto& source = *model.box().model.mutable_graph();
  source.clear_initializer();
  auto& sparse = *source.add_sparse_initializer();
  sparse.add_dims(3);
  sparse.mutable_values()->set_name("w");
  sparse.mutable_values()->set_data_type(proto::TensorProto::FLOAT);
  sparse.mutable_values()->add_dims(1);
  sparse.mutable_values()->add_float_data(5);
  sparse.mutable_indices()->set_data_type(proto::TensorProto::INT64);
  sparse.mutable_indices()->add_dims(1);
  sparse.mutable_indices()->add_int64_data(1);
  const Graph graph = index(model);
  EXPECT_EQ(graph.weights[value(graph, "w").weight.value()].bytes, Bytes(12));
  EXPECT_EQ(value(graph, "y").type.dims->at(0).size, 3);
}

TEST(Graph, InputsAndInitializersMayBeOutputsAndInputsUnused) {
  const Graph graph = index(parse_graph(
      "g (float[2] x, float[2] unused) => (float[2] x, float[2] w, float[2] y) "
      "<float[2] w = {1, 2}> { y = Neg(x) }"));
  EXPECT_TRUE(value(graph, "x").is_input && value(graph, "x").is_output);
  EXPECT_TRUE(value(graph, "w").weight && value(graph, "w").is_output);
  EXPECT_THAT(value(graph, "unused").consumers, IsEmpty());
  EXPECT_THAT(names(graph, graph.outputs), ElementsAre("x", "w", "y"));
}

TEST(Graph, NodesInAnyOrderAreSortedAndModelOrderIsKeptWherePossible) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { y = Add(b, a) a = Neg(x) b = Abs(a) c = Neg(x) }"));
  EXPECT_THAT(graph.position, ElementsAre(1, 2, 0, 3));
  EXPECT_EQ(value(graph, "y").producer, NodeId(2));
  EXPECT_THAT(value(graph, "a").consumers, ElementsAre(NodeId(1), NodeId(2)));
}

TEST(Graph, WrongGraphsAreRefusedByName) {
  EXPECT_THAT(index_error(named(parse_graph("g (float[2] x) => (float[2] y) { y = Add(x, gone) }"),
                                {"n1"})),
              HasSubstr("\"n1\" (Add) reads \"gone\", which nothing makes"));
  EXPECT_THAT(index_error(parse_graph("g (float[2] x) => (float[2] y) { h = Neg(x) }")),
              HasSubstr("nothing makes the graph output \"y\""));
  EXPECT_THAT(index_error(named(parse_graph("g (float[2] x) => (float[2] y) "
                                            "{ y = Neg(x) y = Abs(x) }"), {"", "m"})),
              HasSubstr("\"y\" is made twice: the Neg that makes \"y\" and \"m\" (Abs)"));
  EXPECT_THAT(index_error(parse_graph("g (float[2] x) => (float[2] x) { x = Neg(x) }")),
              HasSubstr("\"x\" is made twice: it is an input"));
  EXPECT_THAT(index_error(parse_graph("g (float[2] x) => (float[2] y) "
                                      "{ a = Add(x, c) b = Neg(a) c = Neg(b) y = Neg(c) }")),
              HasSubstr("the graph has a cycle: "));
  EXPECT_THAT(index_error(parse_graph("g (bool p) => (float[2] y) { y = If (p) <"
                                      "then_branch = t () => (float[2] a) { a = Neg(gone) },"
                                      "else_branch = e () => (float[2] b) { b = Neg(gone) }> }")),
              HasSubstr("reads in its body \"gone\", which nothing makes"));
  EXPECT_THAT(index_error(parse_model(R"(<ir_version: 8, opset_import: ["" : 18, "f" : 1]>
                g (float[2] x) => (float[2] y) { y = f.one(x) }
                <domain: "f", opset_import: ["" : 18, "f" : 1]> one (a) => (b) { b = f.two(a) }
                <domain: "f", opset_import: ["" : 18, "f" : 1]> two (a) => (b) { b = f.one(a) })")),
              HasSubstr("calls itself"));
}

TEST(Graph, InferenceWinsOverWrongDeclarations) {
  Model model = parse_graph(
      "g (float[N, 3] x, float[3, 5] w) => (float[7, 7] y) <float[9] h> "
      "{ h = MatMul(x, w) y = Relu(h) }");
  const Graph graph = index(model);
  EXPECT_EQ(to_text(value(graph, "h").type), "float32 [N, 5]");
  EXPECT_EQ(to_text(value(graph, "y").type), "float32 [7, 5]");
}

TEST(Graph, WhatFollowsAForeignOperatorIsTypedByItsDeclaration) {
  const std::string head = R"(<ir_version: 8, opset_import: ["" : 18, "mine" : 1]> )";
  const Graph declared = index(parse_model(
      head + "g (float[2] x) => (float[2] y) <int64[4] h> { h = mine.Magic(x) i = Neg(h) y = Cast<to = 1>(i) }"));
  EXPECT_EQ(to_text(value(declared, "i").type), "int64 [4]");
  const Graph unknown = index(parse_model(
      head + "g (float[2] x) => (float[2] y) { h = mine.Magic(x) y = Cast<to = 1>(h) }"));
  EXPECT_EQ(to_text(value(unknown, "h").type), "unknown");
}

TEST(Graph, AnOverridableDefaultIsNoConstantForInference) {
  const Graph graph = index(parse_graph(
      "g (float[4] x, int64[2] shape = {2, 2}) => (float[A, B] y) { y = Reshape(x, shape) }"));
  EXPECT_EQ(to_text(value(graph, "y").type), "float32 [A, B]");
  const Graph constant = index(parse_graph(
      "g (float[4] x) => (float[A, B] y) <int64[2] shape = {2, 2}> { y = Reshape(x, shape) }"));
  EXPECT_EQ(to_text(value(constant, "y").type), "float32 [2, 2]");
}

TEST(Graph, SequencesAndOptionalsAreNamedInOnnxWords) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) <int64 zero = {0}> "
      "{ s = SequenceConstruct(x, x) y = SequenceAt(s, zero) }"));
  EXPECT_EQ(to_text(value(graph, "s").type), "seq(tensor(float))");
  EXPECT_EQ(bytes_of(value(graph, "y").type), Bytes(8));
  EXPECT_EQ(bytes_of(value(graph, "s").type), std::nullopt);
}

TEST(Graph, ConstantsAndArithmeticOnThemAreCopied) {
  const Graph graph = index(parse_model(R"(<ir_version: 8, opset_import: ["" : 18, "mine" : 1]>
    g (float[2] x, float[2] d = {1, 2}) => (float[2] y) <float[2] w = {1, 2}> {
      a = Constant<value_floats = [1.0, 2.0]>()
      b = Add(a, w)
      c = Add(b, x)
      r = RandomNormal<shape = [2]>()
      s = Neg(r)
      m = mine.Op(w)
      o = Neg(d)
      y = Sum(b, c, s, m, o)
    })"));
  EXPECT_THAT(copied_nodes(graph), ElementsAre(true, true, false, false, false, false, false, false));
}

TEST(Graph, ShapeArithmeticIsWhatIsSmallAndComputedFromShapesAndConstants) {
  const Graph graph = index(parse_graph(
      "g (float[N, 4] x, int64 i) => (float[A, B] y, float[C, D] z, int64 k) "
      "<int64[1] one = {1}, int64 at = {0}> {"
      "  s = Shape(x) n = Gather(s, at) u = Unsqueeze(n, at) t = Concat<axis = 0>(u, one)"
      "  k = Add(n, i) y = Reshape(x, t) z = ConstantOfShape(s)"
      "}"));
  const ById<ValueId, bool> shapes = shape_values(graph);
  for (const Value& value : graph.values) {
    const bool expected = value.name == "s" || value.name == "n" || value.name == "u" || value.name == "t";
    EXPECT_EQ(shapes[graph.find(value.name).value()], expected) << value.name;
  }
}

TEST(Graph, NodesThatNoOutputNeedsAreNotPlaced) {
  const Graph graph = index(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) dead = Exp(a) deader = Neg(dead) y = Abs(a) }"));
  EXPECT_THAT(copied_nodes(graph), ElementsAre(false, true, true, false));
}

TEST(Graph, AModelAtWhichInferenceCrashesIsTypedAsItDeclares) {
  // The second input has one dimension less than the equation says. Found by fuzzing.
  const Graph graph = index(parse_graph(R"(
    g (float[5, 2, 3] x, float[5, 3] y) => (float[5, 2, 4] z) {
      z = Einsum<equation = "bij, bjk -> bik">(x, y)
    })"));
  EXPECT_EQ(to_text(value(graph, "z").type), "float32 [5, 2, 4]");
}

TEST(Graph, NamesMayHoldAnyCharacter) {
  Model model = parse_graph("g (float[2] x) => (float[2] y) { h = Neg(x) y = Neg(h) }");
  const std::string odd = "a:b/c \"d\" \xc3\xa4\n{}";
  *node_of(model, 0).mutable_output(0) = odd;
  *node_of(model, 1).mutable_input(0) = odd;
  EXPECT_THAT(value(index(model), odd).consumers, ElementsAre(NodeId(1)));
}

TEST(Graph, NamesThatAreNoUtf8AreRefused) {
  // Found by fuzzing: no JSON file could hold them.
  const auto error = [](const auto& change) {
    Model model = parse_graph("g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> { h = Add(x, w) y = Neg(h) }");
    change(*model.box().model.mutable_graph());
    const auto graph = index_graph(model);
    return graph ? "no error" : graph.error().message;
  };
  constexpr const char* kBad = "\xc3(";
  EXPECT_EQ(error([&](auto& graph) { graph.mutable_input(0)->set_name(kBad); }),
            "an input's name is no UTF-8 text");
  EXPECT_EQ(error([&](auto& graph) { graph.mutable_initializer(0)->set_name(kBad); }),
            "an initializer's name is no UTF-8 text");
  EXPECT_EQ(error([&](auto& graph) { graph.mutable_node(1)->set_output(0, kBad); }),
            "node 2: its name, or one of a value that it makes, is no UTF-8 text");
  EXPECT_EQ(error([&](auto& graph) { graph.mutable_node(0)->set_name(kBad); }),
            "node 1: its name, or one of a value that it makes, is no UTF-8 text");
}

TEST(Graph, AChainOfTenThousandNodesIsIndexedAtOnce) {
  Model model = parse_graph("g (float[2] x) => (float[2] y) { y = Neg(x) }");
  auto& source = *model.box().model.mutable_graph();
  source.clear_node();
  constexpr int length = 10'000;
  for (int i = 0; i < length; ++i) {
    auto& node = *source.add_node();
    node.set_op_type("Neg");
    node.add_input(i == 0 ? "x" : "v" + std::to_string(i));
    node.add_output(i + 1 == length ? "y" : "v" + std::to_string(i + 1));
  }
  const auto start = std::chrono::steady_clock::now();
  const Graph graph = index(model);
  EXPECT_EQ(graph.nodes.size(), 10'000u);
  EXPECT_EQ(to_text(value(graph, "v9999").type), "float32 [2]");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace convoy::onnx
