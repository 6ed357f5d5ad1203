#include "onnx/tidy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> input_names(const Model& model) {
  std::vector<std::string> names;
  for (const auto& input : model.box().model.graph().input()) names.push_back(input.name());
  return names;
}

TEST(Tidy, InputsWhoseInitializersWereFoldedAwayAreDropped) {
  const Model original = parse_graph(
      "g (float[2] x, float[2] a = {1, 2}, float[2] b = {1, 2}, float[2] unused) => (float[2] y) "
      "{ c = Add(a, b) y = Add(x, c) }");
  Model optimized = parse_graph(
      "g (float[2] x, float[2] a, float[2] b = {1, 2}, float[2] unused) => (float[2] y) "
      "<float[2] c = {2, 4}> { y = Add(x, c) }");
  ASSERT_TRUE(tidy_optimized(original, optimized));
  EXPECT_THAT(input_names(optimized), ElementsAre("x", "b", "unused"));
}

TEST(Tidy, ALostInitializerThatIsStillReadIsAnError) {
  const Model original =
      parse_graph("g (float[2] x, float[2] a = {1, 2}) => (float[2] y) { y = Add(x, a) }");
  Model optimized = parse_graph("g (float[2] x, float[2] a) => (float[2] y) { y = Add(x, a) }");
  EXPECT_THAT(tidy_optimized(original, optimized).error().message, HasSubstr("\"a\" but still reads"));
}

TEST(Tidy, EveryNodeGetsANameOfItsOwnAndGoodNamesStay) {
  const Model original = parse_graph("g (float[2] x) => (float[2] y) { y = Neg(x) }");
  Model optimized = named(parse_graph(
      "g (float[2] x) => (float[2] y) "
      "{ a = Neg(x) b = Neg(a) c = Neg(b) d = Neg(c) y = Neg(d) }"),
      {"", "Neg_1", "same", "same"});
  ASSERT_TRUE(tidy_optimized(original, optimized));
  std::vector<std::string> names;
  for (const auto& node : optimized.box().model.graph().node()) names.push_back(node.name());
  EXPECT_THAT(names, ElementsAre("Neg_2", "Neg_1", "same", "same_1", "Neg_3"));
}

}  // namespace
}  // namespace convoy::onnx
