// Real nets, cut at ten places each: the pieces give the bits of the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "foundation/file.h"
#include "onnx/cut.h"
#include "onnx/vit.h"
#include "split_run.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

const fs::path light = "/usr/share/libonnx-testdata/data/light";

// Up to `most` separating cuts, evenly spread, that go together.
std::vector<onnx::CutLine> spread_cuts(const onnx::Graph& graph, std::size_t most) {
  const std::vector<onnx::SeparatingCut> cuts = onnx::separating_cuts(graph);
  std::vector<onnx::CutLine> lines;
  for (std::size_t i = 0; i < most; ++i) {
    for (std::size_t at = cuts.size() * i / most; at < cuts.size() * (i + 1) / most; ++at) {
      lines.push_back({.values = {graph.values[cuts[at].value].name}});
      if (onnx::partition_at(graph, lines)) break;
      lines.pop_back();
    }
  }
  return lines;
}

void expect_the_same_in_eleven_parts(const fs::path& file, const fs::path& scratch) {
  const auto inputs = onnx::read_model(file)
                          .and_then([](const onnx::Model& m) { return onnx::index_graph(m); })
                          .and_then([](const onnx::Graph& graph) { return sample_of(graph, 1); });
  ASSERT_TRUE(inputs) << inputs.error().message;
  const auto whole = whole_at(file, onnx::OptimizationLevel::extended, *inputs, scratch);
  ASSERT_TRUE(whole) << whole.error().message;
  const std::vector<onnx::CutLine> lines = spread_cuts(whole->graph, 10);
  ASSERT_EQ(lines.size(), 10u);
  const auto partition = onnx::partition_at(whole->graph, lines);
  ASSERT_TRUE(partition) << partition.error().message;
  ASSERT_EQ(partition->parts, 11u);
  const auto same = same_in_pieces(*whole, *partition, scratch);
  EXPECT_TRUE(same) << same.error().message;
}

class CutModel : public ::testing::TestWithParam<fs::path> {};

TEST_P(CutModel, AtTenPlacesGivesTheBitsOfTheWhole) {
  if (!fs::exists(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  const Aside scratch(fs::path(::testing::TempDir()) / GetParam().stem());
  fs::create_directories(scratch.path());
  expect_the_same_in_eleven_parts(GetParam(), scratch.path());
}

TEST(CutVit, BaseAtTenPlacesGivesTheBitsOfTheWhole) {
  const Aside scratch(fs::path(::testing::TempDir()) / "vit_base");
  fs::create_directories(scratch.path());
  const fs::path file = scratch.path() / "vit.onnx";
  const auto written = onnx::make_vit({}).and_then(
      [&](const onnx::Model& made) { return onnx::write_model(made, file); });
  ASSERT_TRUE(written) << written.error().message;
  expect_the_same_in_eleven_parts(file, scratch.path());
}

INSTANTIATE_TEST_SUITE_P(
    Models, CutModel,
    ::testing::Values(light / "light_bvlc_alexnet.onnx", light / "light_densenet121.onnx",
                      light / "light_inception_v1.onnx", light / "light_inception_v2.onnx",
                      light / "light_resnet50.onnx", light / "light_shufflenet.onnx",
                      light / "light_squeezenet.onnx", light / "light_vgg19.onnx",
                      light / "light_zfnet512.onnx",
                      fs::path(CONVOY_SOURCE_DIR) / ".cache/models/vit_s_focus.onnx",
                      fs::path(CONVOY_SOURCE_DIR) / "models/efficientnet-lite0.onnx"),
    [](const auto& info) {
      std::string name = info.param.stem().string();
      std::ranges::replace(name, '-', '_');
      return name;
    });

}  // namespace
}  // namespace convoy
