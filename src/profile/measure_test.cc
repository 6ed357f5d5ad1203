#include "profile/measure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/optimize.h"
#include "engine/sample.h"
#include "engine/test_models.h"
#include "onnx/testing.h"

namespace convoy::profile {
namespace {

using ::testing::HasSubstr;

struct Optimized {
  onnx::ScratchFolder folder;
  std::filesystem::path file = folder / "model.onnx";
  onnx::Graph graph;
  std::vector<engine::SharedTensor> inputs;

  explicit Optimized(const std::filesystem::path& model) {
    EXPECT_TRUE(engine::optimize(model, onnx::OptimizationLevel::basic, file));
    graph = onnx::index_graph(onnx::read_model(file).value()).value();
    inputs = engine::sample_inputs(engine::inputs_of(graph), {}, engine::kSampleSeed).value();
  }
};

TEST(Measure, HasATimeForEveryNodeAndTheirSumIsARun) {
  const Optimized model(engine::light_model("shufflenet"));
  const auto profile = measure(model.file, model.inputs, {.min_runs = 2, .budget = Seconds(0.3)});
  ASSERT_TRUE(profile) << profile.error().message;
  Seconds sum = profile->stage_overhead;
  for (const onnx::Node& node : model.graph.nodes) {
    ASSERT_TRUE(profile->nodes.contains(node.name)) << node.name;
    EXPECT_GE(profile->nodes.at(node.name), Seconds(0));
    sum += profile->nodes.at(node.name);
  }
  EXPECT_GT(profile->run, Seconds(0));
  EXPECT_GE(profile->runs, 2);
  EXPECT_NEAR(sum / profile->run, 1, 1e-9);
  EXPECT_GT(profile->runtime_memory, Bytes(1'000'000));
}

TEST(Measure, StretchesARunToAShareOfACore) {
  const Optimized model(engine::light_model("squeezenet"));
  const MeasureOptions whole_core{.warm_up = 1, .min_runs = 2, .budget = Seconds(0.1)};
  MeasureOptions tenth = whole_core;
  tenth.speed = 0.1;
  const auto fast = measure(model.file, model.inputs, whole_core);
  const auto slow = measure(model.file, model.inputs, tenth);
  ASSERT_TRUE(fast && slow);
  // Ten times as slow; far less is asked for, as other processes disturb.
  EXPECT_GT(slow->run, fast->run * 3);
}

TEST(Measure, NamesTheFileThatDoesNotRun) {
  const onnx::ScratchFolder folder;
  const auto profile = measure(folder / "none.onnx", {}, {});
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error().message, HasSubstr("none.onnx"));
}

TEST(MeasureValues, AreTheBytesThatShapeInferenceComputes) {
  const Optimized model(engine::light_model("squeezenet"));
  const auto values = measure_values(model.file, model.inputs);
  ASSERT_TRUE(values) << values.error().message;
  int compared = 0;
  for (const onnx::Value& value : model.graph.values) {
    if (value.weight) continue;
    ASSERT_TRUE(values->contains(value.name)) << value.name;
    if (const auto bytes = onnx::bytes_of(value.type)) {
      EXPECT_EQ(values->at(value.name), *bytes) << value.name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

TEST(MeasureValues, TellTheOutputsOfANodeApart) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(onnx::write_model(
      onnx::named(onnx::parse_graph(R"(
          g (float[1,6] x) => (float[1,2] y, int64[1,2] i) {
            k = Constant <value = int64[1] {2}>()
            y, i = TopK <axis = 1>(x, k)
          })"), {"constant", "top"}),
      folder / "model.onnx"));
  const auto values = measure_values(
      folder / "model.onnx",
      std::vector{engine::share({.type = onnx::ElementType::float32,
                                 .dims = {1, 6},
                                 .data = std::vector<std::byte>(24),
                                 .strings = {}})});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->at("x"), Bytes(24));
  EXPECT_EQ(values->at("y"), Bytes(8));
  EXPECT_EQ(values->at("i"), Bytes(16));
}

}  // namespace
}  // namespace convoy::profile
