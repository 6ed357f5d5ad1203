#include "engine/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/named_run.h"

namespace convoy::engine {
namespace {

using onnx::Dimension;
using onnx::ElementType;
using ::testing::Each;
using ::testing::ElementsAre;

Port port(ElementType type, std::vector<Dimension> dims) {
  return {.name = "x", .type = {.element = type, .dims = std::move(dims), .container = {}}};
}
Dimension number(std::int64_t size) { return {.size = size, .symbol = {}}; }
Dimension symbol(std::string name) { return {.size = {}, .symbol = std::move(name)}; }

template <class T>
std::vector<T> elements(const SharedTensor& tensor) {
  std::vector<T> values(tensor.data.size() / sizeof(T));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

TEST(SampleInputs, AreNormallyDistributedFloats) {
  const auto inputs = sample_inputs({port(ElementType::float32, {number(100), number(100)})}, {}, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;
  double sum = 0;
  double squares = 0;
  for (const float value : elements<float>((*inputs)[0])) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  EXPECT_NEAR(sum / 10000, 0, 0.05);
  EXPECT_NEAR(squares / 10000, 1, 0.05);
}

std::string text_of(const Port& port) { return onnx::to_text(port.type); }

TEST(WithItems, SetsTheFirstDimensionAndAllOfItsName) {
  const auto ports = with_items({port(ElementType::float32, {symbol("batch"), number(3)}),
                                 port(ElementType::float32, {number(2), symbol("batch")}),
                                 port(ElementType::int64, {symbol("other")})},
                                4);
  ASSERT_TRUE(ports) << ports.error().message;
  EXPECT_EQ(text_of((*ports)[0]), "float32 [4, 3]");
  EXPECT_EQ(text_of((*ports)[1]), "float32 [2, 4]");
  EXPECT_EQ(text_of((*ports)[2]), "int64 [other]");
}

TEST(WithItems, SetsEachFirstDimensionWithoutANameIfTheFirstHasNone) {
  const auto ports = with_items({port(ElementType::float32, {symbol(""), symbol("")}),
                                 port(ElementType::float32, {symbol("")})},
                                4);
  ASSERT_TRUE(ports) << ports.error().message;
  EXPECT_EQ(text_of((*ports)[0]), "float32 [4, ?]");
  EXPECT_EQ(text_of((*ports)[1]), "float32 [4]");
}

TEST(WithItems, SaysWhereTheModelFixesAnotherNumber) {
  const std::vector<Port> ports = {port(ElementType::float32, {number(1), number(3)})};
  EXPECT_TRUE(with_items(ports, 1));
  EXPECT_EQ(with_items(ports, 4).error().message,
            "the model takes 1 items a request, not 4: the first dimension of its input \"x\" is "
            "fixed");
  EXPECT_EQ(with_items({port(ElementType::float32, {})}, 4).error().message,
            "the first input, \"x\", has no dimension for items: it is float32 []");
}

TEST(SampleInputs, AreTheSameForTheSameSeedOnly) {
  const std::vector<Port> ports = {port(ElementType::float16, {number(8)})};
  const auto first = sample_inputs(ports, {}, 1);
  EXPECT_EQ(copy((*first)[0]), copy((*sample_inputs(ports, {}, 1))[0]));
  EXPECT_NE(copy((*first)[0]), copy((*sample_inputs(ports, {}, 2))[0]));
}

TEST(SampleInputs, AreZeroOrOneWhereTheyAreNoFloats) {
  const auto inputs = sample_inputs({port(ElementType::int64, {number(64)}),
                                     port(ElementType::boolean, {number(64)}),
                                     port(ElementType::uint4, {number(3)})},
                                    {}, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_THAT(elements<std::int64_t>((*inputs)[0]), Each(::testing::AnyOf(0, 1)));
  EXPECT_THAT(elements<std::int64_t>((*inputs)[0]), ::testing::Contains(1));
  EXPECT_THAT(elements<std::uint8_t>((*inputs)[1]), Each(::testing::AnyOf(0, 1)));
  EXPECT_THAT(elements<std::uint8_t>((*inputs)[2]), Each(::testing::AnyOf(0, 1, 0x10, 0x11)));
}

TEST(SampleInputs, TakeGivenSizesOfSymbolsAndElseOne) {
  const auto inputs = sample_inputs(
      {port(ElementType::float32, {symbol("batch"), symbol("time"), symbol(""), number(3)})},
      {{"batch", 5}}, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_THAT((*inputs)[0].dims, ElementsAre(5, 1, 1, 3));
}

TEST(SampleInputs, FillStringsAndScalars) {
  const auto inputs =
      sample_inputs({port(ElementType::string, {number(2)}), port(ElementType::float64, {})}, {}, 1);
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ((*inputs)[0].strings.size(), 2U);
  EXPECT_EQ((*inputs)[1].data.size(), sizeof(double));
}

TEST(SampleInputs, LeaveOutWhatIsNotRequired) {
  Port optional = port(ElementType::float32, {});
  optional.required = false;
  EXPECT_TRUE(sample_inputs({optional}, {}, 1)->empty());
}

TEST(SampleInputs, NameTheInputOfUnknownRank) {
  const auto inputs = sample_inputs({{.name = "x", .type = {.element = ElementType::float32, .dims = {}, .container = {}}}}, {}, 1);
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().message,
            "input \"x\" has no known rank, so no sample can be made; give it as a file");
}

TEST(SampleInputs, NameTheInputThatIsNoTensor) {
  const auto inputs = sample_inputs(
      {{.name = "x", .type = {.container = "seq(tensor(float))"}}}, {}, 1);
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().message,
            "input \"x\" is seq(tensor(float)); a sample can only be made for tensors");
}

TEST(SampleInputs, NameTheInputThatIsTooLarge) {
  const std::int64_t huge = std::int64_t{1} << 40U;
  const auto inputs =
      sample_inputs({port(ElementType::float32, {number(huge), number(huge)})}, {}, 1);
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().message, "input \"x\" would be too large for this machine");
}

TEST(SampleInputs, SuggestTheSymbolThatWasMeant) {
  const auto inputs = sample_inputs({port(ElementType::float32, {symbol("batch")})}, {{"bath", 2}}, 1);
  ASSERT_FALSE(inputs);
  EXPECT_EQ(inputs.error().message,
            "no input has a dimension named \"bath\"; did you mean \"batch\"?");
}

TEST(InputsOf, KnowAnUnknownRankAndPutOverridableInitializersLast) {
  onnx::Graph graph;
  onnx::Value value;
  value.name = "w";
  value.weight = WeightId(0);
  graph.inputs.push_back(graph.values.push_back(value));
  value.name = "x";
  value.weight.reset();
  graph.inputs.push_back(graph.values.push_back(value));
  const std::vector<Port> ports = inputs_of(graph);
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports[0].name, "x");
  EXPECT_TRUE(ports[0].required);
  EXPECT_FALSE(ports[0].type.dims);
  EXPECT_FALSE(ports[1].required);
  const NamedTensors sample = by_name({ports[1], ports[0]}, std::vector<SharedTensor>(1));
  EXPECT_TRUE(sample.contains("x")) << "samples are of the required ones, wherever they stand";
}

}  // namespace
}  // namespace convoy::engine
