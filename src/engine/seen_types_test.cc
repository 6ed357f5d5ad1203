#include "engine/seen_types.h"

#include <gtest/gtest.h>

#include "engine/named_run.h"
#include "engine/sample.h"
#include "onnx/testing.h"

namespace convoy::engine {
namespace {

TEST(SeenTypes, AreThoseOfTheRun) {
  onnx::Model model = onnx::parse_graph(R"(
    g (float[N, 3] x) => (float y) {
      a = Greater(x, x) b = Not(a) c = NonZero(b) d = Cast<to = 1>(c) y = ReduceSum<keepdims = 0>(d)
    })");
  onnx::Graph graph = onnx::index_graph(model).value();
  const auto ports = inputs_of(graph);
  const auto inputs = by_name(ports, sample_inputs(ports, {{"N", 4}}, 1).value());
  const auto done = see_types(model, inputs, graph);
  ASSERT_TRUE(done) << done.error().message;
  const auto text = [&](const char* name) {
    return onnx::to_text(graph.values[*graph.find(name)].type);
  };
  EXPECT_EQ(text("x"), "float32 [4, 3]");
  EXPECT_EQ(text("b"), "bool [4, 3]");
  EXPECT_EQ(text("c"), "int64 [2, 12]");
  EXPECT_EQ(text("y"), "float32 []");
  EXPECT_EQ(onnx::index_graph(model)->outputs.size(), 1u);
}

}  // namespace
}  // namespace convoy::engine
