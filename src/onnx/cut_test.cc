#include "onnx/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class Named>
std::vector<std::string> names(const google::protobuf::RepeatedPtrField<Named>& values) {
  std::vector<std::string> result;
  for (const auto& value : values) result.push_back(value.name());
  return result;
}

struct Piece {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> weights;
  std::vector<std::string> makes;  // the first result of each node
  friend bool operator==(const Piece&, const Piece&) = default;
};

std::ostream& operator<<(std::ostream& out, const Piece& piece) {
  return out << ::testing::PrintToString(piece.inputs) << " -> "
             << ::testing::PrintToString(piece.outputs) << " with "
             << ::testing::PrintToString(piece.weights) << " makes "
             << ::testing::PrintToString(piece.makes);
}

Piece describe(const Model& model) {
  const proto::GraphProto& graph = model.box().model.graph();
  Piece piece{names(graph.input()), names(graph.output()), names(graph.initializer()), {}};
  for (const auto& weight : graph.sparse_initializer()) piece.weights.push_back(weight.values().name());
  for (const auto& node : graph.node()) piece.makes.push_back(node.output(0));
  return piece;
}

std::vector<std::string> serialized(const std::vector<Model>& models) {
  std::vector<std::string> bytes;
  for (const Model& model : models) bytes.push_back(model.box().model.SerializeAsString());
  return bytes;
}

// What the cut that moves weights makes of a copy.
std::vector<Model> taken_apart(const Model& model, const Graph& graph,
                               const std::vector<CutLine>& lines) {
  Model copy(std::make_unique<ModelProtoBox>(model.box()));
  return cut(std::move(copy), graph, partition_at(graph, lines).value()).value();
}

std::vector<Model> cut_at(const Model& model, const std::vector<CutLine>& lines) {
  const Graph graph = index_graph(model).value();
  Result<std::vector<Model>> parts = cut(model, graph, partition_at(graph, lines).value());
  if (!parts) throw std::invalid_argument(parts.error().message);
  // Each piece must be a model by itself.
  for (const Model& part : *parts) EXPECT_TRUE(index_graph(part)) << index_graph(part).error().message;
  EXPECT_EQ(serialized(*parts), serialized(taken_apart(model, graph, lines)));
  return *std::move(parts);
}

// The type that a piece declares for one of its inputs.
std::string input_type(const Model& part, const std::string& name) {
  const Graph graph = index_graph(part).value();
  return to_text(graph.values[graph.find(name).value()].type);
}

TEST(Cut, WeightsFollowTheirReadersAndSharedOnesStandInEach) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}, float[2] v = {3, 4}, float[2] idle = {5, 6}> "
      "{ a = Add(x, w) b = Mul(a, w) y = Add(b, v) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"a"}, {"w"}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a"}, {"y"}, {"w", "v"}, {"b", "y"}}));
}

TEST(Cut, ValuesSkipPartsThatDoNotReadThem) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(b) y = Add(c, a) }"),
      {{{"a"}}, {{"c"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"a"}, {}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a"}, {"c"}, {}, {"b", "c"}}));
  EXPECT_EQ(describe(parts[2]), (Piece{{"a", "c"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, CapturedValuesAndWeightsGoWithTheBodyThatReadsThem) {
  const std::vector<Model> parts = cut_at(parse_graph(R"(
      g (bool p, float[2] x) => (float[2] y) <float[2] w = {1, 2}, float[2] deep = {3, 4}> {
        h = Neg(x)
        i = If (p) <
          then_branch = t () => (float[2] a) { a = If (p) <
            then_branch = tt () => (float[2] b) { b = Add(h, deep) },
            else_branch = te () => (float[2] c) { c = Identity(x) }> },
          else_branch = e () => (float[2] d) { d = Mul(h, w) }>
        y = Neg(i)
      })"), {{{"h"}}, {{"i"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"h"}, {}, {"h"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"p", "x", "h"}, {"i"}, {"w", "deep"}, {"i"}}));
  EXPECT_EQ(describe(parts[2]), (Piece{{"i"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, LocalFunctionsStayEvenWhenOnlyABodyCallsThem) {
  const std::vector<Model> parts = cut_at(parse_model(R"(
      <ir_version: 8, opset_import: ["" : 18, "mine" : 1]>
      g (bool p, float[2] x) => (float[2] y) {
        h = Neg(x)
        y = If (p) <then_branch = t () => (float[2] a) { a = mine.twice(h) },
                    else_branch = e () => (float[2] b) { b = Abs(h) }>
      }
      <domain: "mine", opset_import: ["" : 18]> twice (q) => (r) { r = Add(q, q) })"), {{{"h"}}});
  EXPECT_THAT(names(parts[1].box().model.functions()), ElementsAre("twice"));
  EXPECT_EQ(parts[1].box().model.opset_import_size(), 2);
}

TEST(Cut, OverridableInitializersStayOverridableInEachPart) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x, float[2] w = {1, 2}) => (float[2] y) { a = Add(x, w) y = Mul(a, w) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x", "w"}, {"a"}, {"w"}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"w", "a"}, {"y"}, {"w"}, {"y"}}));
}

TEST(Cut, BeforeIrVersion4InitializersStayListedAsInputsOnlyWhereTheyAreRead) {
  const std::vector<Model> parts = cut_at(parse_model(R"(<ir_version: 3, opset_import: ["" : 9]>
      g (float[2] x, float[2] w = {1, 2}, float[2] v = {3, 4}) => (float[2] y)
      { a = Add(x, w) y = Mul(a, v) })"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x", "w"}, {"a"}, {"w"}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a", "v"}, {"y"}, {"v"}, {"y"}}));
}

TEST(Cut, OptionalInputsStayLeftOut) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x, float high) => (float[2] y) { a = Neg(x) y = Clip(a, , high) }"), {{{"a"}}});
  const auto& clip = parts[1].box().model.graph().node(0);
  ASSERT_EQ(clip.input_size(), 3);
  EXPECT_EQ(clip.input(1), "");
  EXPECT_EQ(describe(parts[1]), (Piece{{"high", "a"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, AGraphOutputThatIsAlsoReadCrossesOnceAndWithoutItsDeclaredShape) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y, float[9] a) { a = Neg(x) b = Abs(x) y = Sub(a, b) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"a"}, {}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"x", "a"}, {"y"}, {}, {"b", "y"}}));
  EXPECT_EQ(input_type(parts[1], "a"), "float32 of unknown rank");
}

TEST(Cut, InputsAndInitializersAsOutputsAreGivenByThePartThatReadsThem) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x, float[2] z, float[2] unused) => (float[2] z, float[2] y, float[2] w, float[2] v) "
      "<float[2] w = {1, 2}, float[2] v = {3, 4}> { a = Neg(x) y = Sum(a, z, w) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"v", "a"}, {"v"}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"z", "a"}, {"z", "y", "w"}, {"w"}, {"y"}}));
}

TEST(Cut, ConstantsAreCopiedIntoEachPartThatReadsThem) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y, float[2] k) <float[2] w = {1, 2}> "
      "{ c = Constant<value_floats = [1.0, 2.0]>() k = Add(c, w) a = Add(x, k) y = Mul(a, k) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"k", "a"}, {"w"}, {"c", "k", "a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a"}, {"y"}, {"w"}, {"c", "k", "y"}}));
}

TEST(Cut, AConstantThatNobodyReadsIsAnOutputOfTheFirstPart) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y, float[2] k) <float[2] w = {1, 2}> "
      "{ a = Neg(x) k = Neg(w) y = Neg(a) }"), {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"k", "a"}, {"w"}, {"a", "k"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, NodesThatNoOutputNeedsAreLeftOut) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) dead = Exp(a) deader = Neg(dead) y = Abs(a) }"),
      {{{"a"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"a"}, {}, {"a"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"a"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, RandomNodesAreNeverCopied) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) "
      "{ r = RandomNormal<shape = [2]>() a = Add(x, r) y = Mul(a, r) }"), {{{"a", "r"}}});
  EXPECT_EQ(describe(parts[1]), (Piece{{"r", "a"}, {"y"}, {}, {"y"}}));
}

TEST(Cut, SparseInitializersAnnotationsAndMetadataAreCarriedOver) {
  Model model = parse_model(R"(
      <ir_version: 8, opset_import: ["" : 18, "unused" : 7], producer_name: "maker",
       doc_string: "what it is", metadata_props: ["author" : "me"]>
      g (float[3] x) => (float[3] y) <float scale = {1}, float[3] w = {0, 5, 0}>
      { a = Neg(x) y = Add(a, w) })");
  auto& graph = *model.box().model.mutable_graph();
  graph.set_doc_string("the graph");
  graph.mutable_initializer()->RemoveLast();
  auto& sparse = *graph.add_sparse_initializer();
  sparse.add_dims(3);
  sparse.mutable_values()->set_name("w");
  sparse.mutable_values()->set_data_type(proto::TensorProto::FLOAT);
  auto& annotation = *graph.add_quantization_annotation();
  annotation.set_tensor_name("a");
  auto& parameter = *annotation.add_quant_parameter_tensor_names();
  parameter.set_key("SCALE_TENSOR");
  parameter.set_value("scale");

  const std::vector<Model> parts = cut_at(model, {{{"a"}}});
  for (const Model& part : parts) {
    const proto::ModelProto& out = part.box().model;
    EXPECT_EQ(out.opset_import_size(), 2);
    EXPECT_EQ(out.producer_name(), "maker");
    EXPECT_EQ(out.doc_string(), "what it is");
    EXPECT_EQ(out.graph().doc_string(), "the graph");
    EXPECT_EQ(part.metadata().at("author"), "me");
    EXPECT_EQ(out.graph().quantization_annotation_size(), 1);  // both have "a"
  }
  EXPECT_EQ(describe(parts[0]).weights, std::vector<std::string>{"scale"});
  EXPECT_EQ(describe(parts[1]).weights, (std::vector<std::string>{"scale", "w"}));
}

TEST(Cut, WhatCrossesIsTypedAsFarAsIsKnown) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[N, 3] x, float[3, 5] w) => (float[N, 5] y) <float[8] a> { a = MatMul(x, w) y = Neg(a) }"),
      {{{"a"}}});
  EXPECT_EQ(input_type(parts[1], "a"), "float32 [N, 5]");
  const std::vector<Model> dynamic = cut_at(parse_graph(
      "g (float[2] x, int64[K] s) => (float y) { a = Reshape(x, s) y = ReduceSum<keepdims = 0>(a) }"),
      {{{"a"}}});
  EXPECT_THAT(input_type(dynamic[1], "a"), HasSubstr("float32 "));
}

TEST(Cut, SequencesMayCross) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) <int64 zero = {0}> "
      "{ s = SequenceConstruct(x, x) y = SequenceAt(s, zero) }"), {{{"s"}}});
  EXPECT_EQ(input_type(parts[1], "s"), "seq(tensor(float))");
}

TEST(Cut, AValueOfUnknownTypeCannotCross) {
  const Model model = parse_model(
      R"(<ir_version: 8, opset_import: ["" : 18, "mine" : 1]>
      g (float[2] x) => (float[2] y) { a = mine.Magic(x) y = Cast<to = 1>(a) })");
  const Graph graph = index_graph(model).value();
  const Result<Partition> partition = partition_at(graph, std::vector<CutLine>{{{"a"}}});
  EXPECT_THAT(cut(model, graph, *partition).error().message,
              HasSubstr("\"a\" cannot cross between parts: its element type is neither declared nor "
                        "can it be inferred behind the Magic that makes \"a\""));
}

TEST(Cut, ShapesInsideAPartStayDeclaredAndPortsAreNotDeclaredTwice) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) <float[2] a, float[2] b> { a = Neg(x) b = Abs(a) y = Neg(b) }"),
      {{{"b"}}});
  EXPECT_THAT(names(parts[0].box().model.graph().value_info()), ElementsAre("a"));
  EXPECT_THAT(names(parts[1].box().model.graph().value_info()), IsEmpty());
}

TEST(Cut, PartsInAnOrderThatCannotRunAreRefused) {
  const Model model = named(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) y = Neg(b) }"), {"n0", "n1", "n2"});
  const Graph graph = index_graph(model).value();
  const Partition cyclic{.parts = 2, .part_of = {PartId(0), PartId(1), PartId(0)}};
  EXPECT_THAT(cut(model, graph, cyclic).error().message,
              HasSubstr("part 1 cannot run before part 2: \"n2\" (Neg) reads \"b\" from \"n1\" (Abs)"));
  const Partition hollow{.parts = 3, .part_of = {PartId(0), PartId(2), PartId(2)}};
  EXPECT_THAT(cut(model, graph, hollow).error().message, HasSubstr("part 2 of 3 has no nodes"));
}

TEST(Cut, AModelWithoutNodesIsOnePart) {
  const Model model = parse_graph("g (float[2] x) => (float[2] x, float[2] w) <float[2] w = {1, 2}> { }");
  const Graph graph = index_graph(model).value();
  const std::vector<Model> parts = cut(model, graph, {.parts = 1, .part_of = {}}).value();
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"x", "w"}, {"w"}, {}}));
}

TEST(Cut, NodesOutOfOrderComeOutInOrder) {
  const std::vector<Model> parts = cut_at(parse_graph(
      "g (float[2] x) => (float[2] y) { y = Neg(c) c = Abs(b) b = Abs(a) a = Neg(x) }"), {{{"b"}}});
  EXPECT_EQ(describe(parts[0]), (Piece{{"x"}, {"b"}, {}, {"a", "b"}}));
  EXPECT_EQ(describe(parts[1]), (Piece{{"b"}, {"y"}, {}, {"c", "y"}}));
}

}  // namespace
}  // namespace convoy::onnx
