#include "engine/optimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "engine/compare.h"
#include "engine/named_run.h"
#include "engine/optimized_cache.h"
#include "engine/sample.h"
#include "engine/test_models.h"
#include "foundation/file.h"
#include "onnx/testing.h"

namespace convoy::engine {
namespace {

using onnx::OptimizationLevel;
using ::testing::HasSubstr;

NamedTensors sample_of(const std::filesystem::path& model) {
  const onnx::Graph graph = onnx::index_graph(onnx::read_model(model).value()).value();
  const std::vector<Port> ports = inputs_of(graph);
  return by_name(ports, sample_inputs(ports, {}, kSampleSeed).value());
}

struct Case {
  std::string model;
  OptimizationLevel level;
};

class OptimizedModel : public ::testing::TestWithParam<Case> {};

TEST_P(OptimizedModel, GivesTheBitsOfTheWholeModelAtThatLevel) {
  const auto& [name, level] = GetParam();
  const onnx::ScratchFolder folder;
  const std::filesystem::path model = light_model(name);
  const std::filesystem::path file = folder / "optimized.onnx";
  const Result<void> done = optimize(model, level, file);
  ASSERT_TRUE(done) << done.error().message;

  const NamedTensors inputs = sample_of(model);
  const Result<NamedTensors> whole = run_file(model, {.level = level}, inputs);
  ASSERT_TRUE(whole) << whole.error().message;
  const Result<NamedTensors> optimized =
      run_file(file, {.level = OptimizationLevel::none}, inputs);
  ASSERT_TRUE(optimized) << optimized.error().message;
  ASSERT_EQ(whole->size(), optimized->size());
  for (const auto& [output, tensor] : *whole) {
    EXPECT_TRUE(compare(tensor, optimized->at(output)).identical) << output;
  }

  const onnx::Graph graph = onnx::index_graph(onnx::read_model(file).value()).value();
  std::set<std::string> names;
  for (const onnx::Node& node : graph.nodes) {
    EXPECT_FALSE(node.name.empty());
    EXPECT_TRUE(names.insert(node.name).second) << node.name << " is the name of two nodes";
  }
  std::filesystem::remove(file);
  std::filesystem::remove(folder / "optimized.onnx.data");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "nothing else is left behind";
}

INSTANTIATE_TEST_SUITE_P(
    Light, OptimizedModel,
    ::testing::Values(Case{"squeezenet", OptimizationLevel::none},
                      Case{"squeezenet", OptimizationLevel::basic},
                      Case{"squeezenet", OptimizationLevel::extended},
                      Case{"squeezenet", OptimizationLevel::all},
                      Case{"shufflenet", OptimizationLevel::none},
                      Case{"shufflenet", OptimizationLevel::basic},
                      Case{"shufflenet", OptimizationLevel::extended},
                      Case{"shufflenet", OptimizationLevel::all},
                      Case{"densenet121", OptimizationLevel::extended},
                      Case{"inception_v1", OptimizationLevel::extended},
                      Case{"inception_v2", OptimizationLevel::extended}),
    [](const auto& info) {
      return info.param.model + "_" + std::string(onnx::name_of(info.param.level));
    });

// y = Relu(x W + b) twice, with weights that may be overridden.
constexpr const char* kOverridable = R"(
    g (float[1,2] x, float[2,2] w = {1, 2, 3, 4}) => (float[1,2] y) {
      h = MatMul(x, w)
      y = Relu(h)
    })";

TEST(Optimize, KeepsInitializersOverridable) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(onnx::write_model(onnx::parse_graph(kOverridable), folder / "model.onnx"));
  ASSERT_TRUE(
      optimize(folder / "model.onnx", OptimizationLevel::extended, folder / "optimized.onnx"));
  const Result<Session> session = Session::load(folder / "optimized.onnx", {});
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_EQ(session->inputs().size(), 2U);
  EXPECT_TRUE(session->inputs()[0].required);
  EXPECT_EQ(session->inputs()[1].name, "w");
  EXPECT_FALSE(session->inputs()[1].required);
}

TEST(Optimize, KeepsWhatIsSaidOfAModel) {
  const onnx::ScratchFolder folder;
  onnx::Model model = onnx::parse_model(R"(
      <ir_version: 8, opset_import: ["" : 18, "unused" : 7], producer_name: "maker",
       metadata_props: ["author" : "me"]>
      g (float[3] x) => (float[3] y) <float scale = {0.5}> { a = Neg(x) b = Sin(a) y = Neg(b) })");
  auto& annotation = *model.box().model.mutable_graph()->add_quantization_annotation();
  annotation.set_tensor_name("a");
  auto& parameter = *annotation.add_quant_parameter_tensor_names();
  parameter.set_key("SCALE_TENSOR");
  parameter.set_value("scale");
  ASSERT_TRUE(onnx::write_model(model, folder / "model.onnx"));
  ASSERT_TRUE(
      optimize(folder / "model.onnx", OptimizationLevel::extended, folder / "optimized.onnx"));

  const onnx::Model optimized = onnx::read_model(folder / "optimized.onnx").value();
  const onnx::proto::ModelProto& out = optimized.box().model;
  EXPECT_EQ(out.producer_name(), "maker");
  EXPECT_EQ(optimized.metadata().at("author"), "me");
  ASSERT_EQ(out.graph().quantization_annotation_size(), 1);
  ASSERT_EQ(out.graph().initializer_size(), 1);
  EXPECT_EQ(out.graph().initializer(0).name(), "scale");
  std::map<std::string, std::int64_t> imports;
  for (const auto& import : out.opset_import()) imports[import.domain()] = import.version();
  EXPECT_EQ(imports, (std::map<std::string, std::int64_t>{{"", 18}, {"unused", 7}}));
}

TEST(Optimize, TakesAlongWeightsThatAreBesideTheModel) {
  const onnx::ScratchFolder folder;
  std::filesystem::create_directory(folder / "elsewhere");
  onnx::Model model = onnx::parse_graph(R"(
    g (float[1, 64] x) => (float[1, 64] y) {
      a = MatMul(x, w) y = Relu(a)
    })");
  {
    const std::vector<float> weights(64 * 64, 0.5F);
    std::ofstream(folder / "weights.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(weights.data()), 64 * 64 * sizeof(float));
  }
  auto& weight = *model.box().model.mutable_graph()->add_initializer();
  weight.set_name("w");
  weight.set_data_type(onnx::proto::TensorProto::FLOAT);
  weight.add_dims(64);
  weight.add_dims(64);
  weight.set_data_location(onnx::proto::TensorProto::EXTERNAL);
  auto& entry = *weight.add_external_data();
  entry.set_key("location");
  entry.set_value("weights.bin");
  std::ofstream(folder / "model.onnx", std::ios::binary) << model.box().model.SerializeAsString();

  const std::filesystem::path file = folder / "elsewhere" / "optimized.onnx";
  const auto done = optimize(folder / "model.onnx", OptimizationLevel::extended, file);
  ASSERT_TRUE(done) << done.error().message;
  const auto read = onnx::read_model(file);
  ASSERT_TRUE(read) << read.error().message;
  Result<Session> session = Session::load(file, {.level = OptimizationLevel::none});
  ASSERT_TRUE(session) << session.error().message;
}

TEST(Optimize, DeclaresTheTypesBehindOperatorsThatOnnxDoesNotKnow) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(
      optimize(light_model("squeezenet"), OptimizationLevel::all, folder / "optimized.onnx"));
  const onnx::Graph graph =
      onnx::index_graph(onnx::read_model(folder / "optimized.onnx").value()).value();
  int foreign = 0;
  for (const onnx::Node& node : graph.nodes) {
    foreign += node.domain.empty() ? 0 : 1;
    for (const ValueId written : node.writes) {
      EXPECT_TRUE(onnx::bytes_of(graph.values[written].type)) << graph.values[written].name;
    }
  }
  EXPECT_GT(foreign, 20);
  EXPECT_EQ(graph.outputs.size(), 1U);
}

TEST(Optimize, DropsInputsThatNobodyNeedsAnyMore) {
  // Before version 4 of ONNX every initializer had to be an input too.
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(optimize(light_model("squeezenet"), OptimizationLevel::extended,
                       folder / "optimized.onnx"));
  const Result<Session> session = Session::load(folder / "optimized.onnx", {});
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_EQ(session->inputs().size(), 1U);
  EXPECT_EQ(session->inputs()[0].name, "data_0");
}

TEST(Optimize, NamesAModelThatIsMissingOrBroken) {
  const onnx::ScratchFolder folder;
  const auto missing =
      optimize(folder / "none.onnx", OptimizationLevel::extended, folder / "out.onnx");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("none.onnx"));

  ASSERT_TRUE(onnx::write_model(
      onnx::parse_graph("g (float[1,2] x) => (float[1,2] y) { y = NoSuchOperator(x) }"),
      folder / "odd.onnx"));
  const auto odd = optimize(folder / "odd.onnx", OptimizationLevel::extended, folder / "out.onnx");
  ASSERT_FALSE(odd);
  EXPECT_THAT(odd.error().message, HasSubstr("NoSuchOperator"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.onnx"));
}

TEST(OptimizedCache, KeepsAModelByItsContentsAndLevel) {
  const onnx::ScratchFolder folder;
  const auto cached = [&](const std::filesystem::path& model, OptimizationLevel level) {
    return optimized_model(model, level, folder / "cache").value();
  };
  const std::filesystem::path first =
      cached(light_model("squeezenet"), OptimizationLevel::extended);
  const auto written = std::filesystem::last_write_time(first);
  EXPECT_EQ(cached(light_model("squeezenet"), OptimizationLevel::extended), first);
  EXPECT_EQ(std::filesystem::last_write_time(first), written) << "made once";
  EXPECT_NE(cached(light_model("squeezenet"), OptimizationLevel::basic), first);
  EXPECT_NE(cached(light_model("shufflenet"), OptimizationLevel::extended), first);
}

TEST(OptimizedCache, NamesAFolderThatCannotBeMade) {
  const onnx::ScratchFolder folder;
  ASSERT_TRUE(write_file(folder / "file", ""));
  const auto cached =
      optimized_model(light_model("squeezenet"), OptimizationLevel::basic, folder / "file");
  ASSERT_FALSE(cached);
  EXPECT_THAT(cached.error().message, HasSubstr((folder / "file").string()));
}

}  // namespace
}  // namespace convoy::engine
