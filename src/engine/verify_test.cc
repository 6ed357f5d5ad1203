#include "engine/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/named_run.h"
#include "engine/optimize.h"
#include "engine/sample.h"
#include "engine/test_models.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/testing.h"

namespace convoy::engine {
namespace {

using onnx::CutMode;
using onnx::OptimizationLevel;
using ::testing::HasSubstr;

// A model and its pieces, cut at every third value that separates it.
struct Split {
  onnx::ScratchFolder folder;
  std::filesystem::path model;
  std::filesystem::path pieces = folder / "pieces";
  NamedTensors inputs;
  std::size_t parts = 0;

  Split(std::filesystem::path whole, OptimizationLevel level, CutMode mode)
      : model(std::move(whole)) {
    EXPECT_TRUE(optimize(model, level, folder / "optimized.onnx"));
    const onnx::Model optimized = onnx::read_model(folder / "optimized.onnx").value();
    const onnx::Graph graph = onnx::index_graph(optimized).value();
    const std::vector<Port> ports = inputs_of(graph);
    inputs = by_name(ports, sample_inputs(ports, {}, kSampleSeed).value());

    const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(graph);
    std::vector<onnx::CutLine> lines;
    for (std::size_t i = 1; i < cuts.size(); i += 3) {
      lines.push_back({{graph.values[cuts[i].value].name}});
    }
    const Result<onnx::Partition> partition = onnx::partition_at(graph, lines);
    EXPECT_TRUE(partition) << partition.error().message;
    parts = partition->parts;
    onnx::SplitMap map{.model = model.string(),
                       .model_sha256 = sha256_of(model).value(),
                       .mode = mode,
                       .level = level,
                       .inputs = {},
                       .outputs = {},
                       .sub_models = {}};
    for (const ValueId id : graph.inputs) map.inputs.push_back(graph.values[id].name);
    for (const ValueId id : graph.outputs) map.outputs.push_back(graph.values[id].name);
    Result<std::vector<onnx::Model>> models = onnx::cut(optimized, graph, *partition);
    EXPECT_TRUE(models) << models.error().message;
    EXPECT_TRUE(onnx::write_split(pieces, std::move(*models), map));
  }
};

TEST(Verify, FindsExactPiecesIdentical) {
  for (const OptimizationLevel level :
       {OptimizationLevel::none, OptimizationLevel::basic, OptimizationLevel::extended,
        OptimizationLevel::all}) {
    const Split split(light_model("squeezenet"), level, CutMode::exact);
    EXPECT_GT(split.parts, 5U);
    const auto verified = verify(split.model, split.pieces, split.inputs, 1);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_TRUE(verified->largest.identical);
    EXPECT_EQ(verified->largest.max_abs, 0.0);
    ASSERT_EQ(verified->outputs.size(), 1U);
    EXPECT_EQ(verified->outputs[0].name, "softmaxout_1");
  }
}

TEST(Verify, FindsFastPiecesClose) {
  const Split split(light_model("squeezenet"), OptimizationLevel::none, CutMode::fast);
  const auto verified = verify(split.model, split.pieces, split.inputs, 1);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_LT(verified->largest.max_abs.value(), 1e-5);
}

// x + 1 as "sub_model_1.onnx" of a model that computes x + 2: wrong, as if cutting had gone wrong.
TEST(Verify, MeasuresHowFarWrongPiecesAre) {
  const onnx::ScratchFolder folder;
  const auto adding = [](int number) {
    return onnx::parse_graph(fmt::format(
        "g (float[2] x) => (float[2] y, float[2] z) <float[1] k = {{{}}}> "
        "{{ y = Add(x, k) z = Neg(x) }}", number));
  };
  ASSERT_TRUE(onnx::write_model(adding(2), folder / "model.onnx"));
  std::vector<onnx::Model> pieces;
  pieces.push_back(adding(1));
  ASSERT_TRUE(onnx::write_split(folder / "pieces", std::move(pieces),
                                {.model = "model.onnx",
                                 .model_sha256 = sha256_of(folder / "model.onnx").value(),
                                 .inputs = {"x"},
                                 .outputs = {"y", "z"},
                                 .sub_models = {}}));
  const NamedTensors inputs = {{"x", share({.type = onnx::ElementType::float32,
                                            .dims = {2},
                                            .data = std::vector<std::byte>(8),
                                            .strings = {}})}};
  const auto verified = verify(folder / "model.onnx", folder / "pieces", inputs, 1);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_FALSE(verified->largest.identical);
  EXPECT_EQ(verified->largest.max_abs, 1.0);
  ASSERT_EQ(verified->outputs.size(), 2U);
  EXPECT_EQ(verified->outputs[0].difference.max_abs, 1.0);
  EXPECT_TRUE(verified->outputs[1].difference.identical);
}

TEST(Verify, RefusesPiecesOfAnotherModel) {
  const Split split(light_model("squeezenet"), OptimizationLevel::basic, CutMode::exact);
  const auto verified = verify(light_model("shufflenet"), split.pieces, split.inputs, 1);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().message, HasSubstr("is not the model that"));
  EXPECT_EQ(verified.error().kind, ErrorKind::input);
}

TEST(Verify, RefusesPiecesThatChanged) {
  const Split split(light_model("squeezenet"), OptimizationLevel::basic, CutMode::exact);
  const std::filesystem::path piece = split.pieces / "sub_model_2.onnx";
  ASSERT_TRUE(write_file(piece, read_file(piece).value() + " "));
  const auto verified = verify(split.model, split.pieces, split.inputs, 1);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().message, HasSubstr("sub_model_2.onnx"));
}

TEST(Verify, NamesAnInputThatIsMissing) {
  const Split split(light_model("squeezenet"), OptimizationLevel::basic, CutMode::exact);
  const auto verified = verify(split.model, split.pieces, {}, 1);
  ASSERT_FALSE(verified);
  EXPECT_THAT(verified.error().message, HasSubstr("input \"data_0\" is missing"));
}

TEST(Verify, LetsSequencesCross) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(onnx::write_model(onnx::parse_graph(R"(
      g (float[2] x) => (float[2] y) {
        s = SequenceConstruct(x)
        i = Constant <value = int64 {0}>()
        y = SequenceAt(s, i)
      })"), folder / "model.onnx"));
  const onnx::Model model = onnx::read_model(folder / "model.onnx").value();
  const onnx::Graph graph = onnx::index_graph(model).value();
  const onnx::CutLine line{{"s"}};
  const auto partition = onnx::partition_at(graph, std::span(&line, 1));
  ASSERT_TRUE(partition) << partition.error().message;
  ASSERT_TRUE(onnx::write_split(folder / "pieces", onnx::cut(model, graph, *partition).value(),
                                {.model = "model.onnx",
                                 .model_sha256 = sha256_of(folder / "model.onnx").value(),
                                 .level = OptimizationLevel::none,
                                 .inputs = {"x"},
                                 .outputs = {"y"},
                                 .sub_models = {}}));
  const NamedTensors inputs = {{"x", share({.type = onnx::ElementType::float32,
                                            .dims = {2},
                                            .data = std::vector<std::byte>(8),
                                            .strings = {}})}};
  const auto verified = verify(folder / "model.onnx", folder / "pieces", inputs, 1);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_TRUE(verified->largest.identical);
}

}  // namespace
}  // namespace convoy::engine
