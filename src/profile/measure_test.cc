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

const MeasureOptions kOneRun{.warm_up = 0, .min_runs = 1, .budget = Seconds(0)};

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

TEST(MeasureNodes, HasATimeForEveryNode) {
  const Optimized model(engine::light_model("shufflenet"));
  const auto costs =
      measure_nodes(model.file, model.inputs, {.min_runs = 2, .budget = Seconds(0)});
  ASSERT_TRUE(costs) << costs.error().message;
  Seconds sum{0};
  for (const onnx::Node& node : model.graph.nodes) {
    ASSERT_TRUE(costs->nodes.contains(node.name)) << node.name;
    EXPECT_GE(costs->nodes.at(node.name), Seconds(0));
    sum += costs->nodes.at(node.name);
  }
  EXPECT_GT(sum, Seconds(0));
  EXPECT_GT(costs->call, Seconds(0));
}

TEST(MeasureRuns, CountsRunsAfterTheFirst) {
  const Optimized model(engine::light_model("squeezenet"));
  const auto device =
      measure_runs(model.file, model.inputs, {.warm_up = 1, .min_runs = 2, .budget = Seconds(0)});
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->runs, 2);
  EXPECT_GT(device->run, Seconds(0));
}

TEST(SummaryOf, IsTheMedianOfBatches) {
  // Runs of 0.1 s, of which two make a batch; 1 s in the middle for something else.
  std::vector<Seconds> ends;
  for (const double end : {1.0, 1.11, 1.22, 1.33, 1.44, 2.55, 2.66, 2.77}) ends.emplace_back(end);
  const DeviceProfile device = summary_of(ends);
  EXPECT_NEAR(device.run.count(), 0.11, 1e-9);
  EXPECT_EQ(device.runs, 7);
}

TEST(SummaryOf, MakesOneBatchOfQuickRuns) {
  const std::vector<Seconds> ends = {Seconds(0), Seconds(0.01), Seconds(0.03)};
  EXPECT_NEAR(summary_of(ends).run.count(), 0.015, 1e-9);
}

TEST(Measure, NamesTheFileThatDoesNotRun) {
  const onnx::ScratchFolder folder;
  EXPECT_THAT(measure_runs(folder / "none.onnx", {}, {}).error().message, HasSubstr("none.onnx"));
  EXPECT_THAT(measure_nodes(folder / "none.onnx", {}, {}).error().message, HasSubstr("none.onnx"));
}

TEST(ScaleNodes, MakesNodesAndCallTakeTheComputingOfARun) {
  const NodeCosts costs{.nodes = {{"a", Seconds(2)}, {"b", Seconds(6)}},
                        .call = Seconds(2),
                        .values = {}};
  DeviceProfile device{.run = Seconds(23)};
  scale_nodes(device, costs, Seconds(20));
  EXPECT_EQ(device.nodes.at("a"), Seconds(4));
  EXPECT_EQ(device.nodes.at("b"), Seconds(12));
  EXPECT_EQ(device.stage_overhead, Seconds(7));
}

TEST(ScaleNodes, TakesNothingWhereNothingWasSeen) {
  DeviceProfile device{.run = Seconds(20)};
  scale_nodes(device, {.nodes = {{"a", Seconds(0)}}, .call = Seconds(0), .values = {}},
              device.run);
  EXPECT_EQ(device.nodes.at("a"), Seconds(0));
}

TEST(MeasureNodes, HasTheBytesThatShapeInferenceComputes) {
  const Optimized model(engine::light_model("squeezenet"));
  const auto costs = measure_nodes(model.file, model.inputs, kOneRun);
  ASSERT_TRUE(costs) << costs.error().message;
  int compared = 0;
  for (const onnx::Value& value : model.graph.values) {
    if (value.weight) continue;
    ASSERT_TRUE(costs->values.contains(value.name)) << value.name;
    if (const auto bytes = onnx::bytes_of(value.type)) {
      EXPECT_EQ(costs->values.at(value.name), *bytes) << value.name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

TEST(MeasureNodes, TellsTheOutputsOfANodeApart) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(onnx::write_model(
      onnx::named(onnx::parse_graph(R"(
          g (float[1,6] x) => (float[1,2] y, int64[1,2] i) {
            k = Constant <value = int64[1] {2}>()
            y, i = TopK <axis = 1>(x, k)
          })"), {"constant", "top"}),
      folder / "model.onnx"));
  const auto costs = measure_nodes(
      folder / "model.onnx",
      std::vector{engine::share({.type = onnx::ElementType::float32,
                                 .dims = {1, 6},
                                 .data = std::vector<std::byte>(24),
                                 .strings = {}})},
      kOneRun);
  ASSERT_TRUE(costs) << costs.error().message;
  EXPECT_EQ(costs->values.at("x"), Bytes(24));
  EXPECT_EQ(costs->values.at("y"), Bytes(8));
  EXPECT_EQ(costs->values.at("i"), Bytes(16));
}

}  // namespace
}  // namespace convoy::profile
