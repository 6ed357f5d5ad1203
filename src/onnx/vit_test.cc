#include "onnx/vit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "onnx/model_proto.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr VitOptions tiny{.image_size = 8,
                          .patch_size = 4,
                          .layers = 2,
                          .width = 6,
                          .heads = 3,
                          .mlp_width = 10,
                          .classes = 5};

std::int64_t elements(const proto::TensorProto& tensor) {
  return std::reduce(tensor.dims().begin(), tensor.dims().end(), std::int64_t{1},
                     std::multiplies<>{});
}

// Scalars are constants of the formulas, not parameters.
std::int64_t parameters(const proto::ModelProto& model) {
  std::int64_t sum = 0;
  for (const proto::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.data_type() == proto::TensorProto::FLOAT && tensor.dims_size() > 0) {
      sum += elements(tensor);
    }
  }
  return sum;
}

const proto::TensorProto& weight(const proto::ModelProto& model, const char* name) {
  return *std::ranges::find(model.graph().initializer(), name, &proto::TensorProto::name);
}

std::string shape_of(const proto::ModelProto& model, const std::string& value) {
  for (const auto* values : {&model.graph().value_info(), &model.graph().output()}) {
    for (const proto::ValueInfoProto& info : *values) {
      if (info.name() != value) continue;
      std::string text;
      for (const auto& dim : info.type().tensor_type().shape().dim()) {
        text += (text.empty() ? "" : " ") +
                (dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
      }
      return text;
    }
  }
  return "unknown";
}

TEST(Vit, HasTheParametersOfVitBase16) {
  // The number that the trained model's card and timm give for 1000 classes.
  EXPECT_EQ(parameters(make_vit({})->box().model), 86'567'656);
}

TEST(Vit, IsValidAndItsShapesFollowFromItsSizes) {
  auto model = make_vit(tiny);
  ASSERT_TRUE(model) << model.error().message;
  proto::ModelProto& whole = model->box().model;
  EXPECT_NO_THROW(proto::checker::check_model(whole));
  proto::shape_inference::InferShapes(
      whole, proto::OpSchemaRegistry::Instance(),
      proto::ShapeInferenceOptions{/*check_type=*/true, /*strict_mode=*/1, /*data_prop=*/true});
  // Four patches and the class token.
  EXPECT_EQ(shape_of(whole, "embeddings"), "batch 5 6");
  EXPECT_EQ(shape_of(whole, "encoder.layer.1.attention.query.heads"), "batch 3 5 2");
  EXPECT_EQ(shape_of(whole, "encoder.layer.1.attention.scores"), "batch 3 5 5");
  EXPECT_EQ(shape_of(whole, "encoder.layer.1.mlp.gelu"), "batch 5 10");
  EXPECT_EQ(shape_of(whole, "logits"), "batch 5");
}

TEST(Vit, NamesTheResidualStreamBehindEachLayerAsIanvsDoes) {
  auto model = make_vit(tiny);
  std::vector<std::string> streams;
  for (const proto::NodeProto& node : model->box().model.graph().node()) {
    if (node.output(0).starts_with("input.")) streams.push_back(node.output(0));
  }
  EXPECT_THAT(streams, ElementsAre("input.20", "input.40"));
}

TEST(Vit, SaysThatItsWeightsAreRandom) {
  VitOptions options = tiny;
  options.seed = 7;
  EXPECT_EQ(make_vit(options)->metadata().at("convoy.weights"), "random, seed 7");
}

TEST(Vit, IsTheSameForASeedAndAnotherForAnotherSeed) {
  VitOptions other = tiny;
  other.seed = 2;
  const auto bytes = [](const VitOptions& options) {
    return make_vit(options)->box().model.graph().SerializeAsString();
  };
  EXPECT_EQ(bytes(tiny), bytes(tiny));
  EXPECT_NE(bytes(tiny), bytes(other));
}

TEST(Vit, DrawsTheSameWeightsOnEveryMachine) {
  // Computed by a Python program from the definition of SplitMix64.
  const auto model = make_vit(tiny);
  const proto::TensorProto& first = weight(model->box().model, "embeddings.patches.weight");
  float values[3];
  std::memcpy(values, first.raw_data().data(), sizeof values);
  EXPECT_THAT(values, ElementsAre(0.0236965939F, 0.00740783708F, -0.00886138901F));
}

TEST(Vit, DrawsItsWeightsFromANormalDistribution) {
  VitOptions options = tiny;
  options.width = 120;
  const auto model = make_vit(options);
  const proto::TensorProto& tensor =
      weight(model->box().model, "encoder.layer.0.attention.query.weight");
  std::vector<float> values(elements(tensor));
  std::memcpy(values.data(), tensor.raw_data().data(), tensor.raw_data().size());
  double sum = 0, squares = 0, fourth = 0;
  for (double value : values) {
    sum += value;
    squares += value * value;
    fourth += std::pow(value, 4);
  }
  const auto count = static_cast<double>(values.size());
  EXPECT_NEAR(sum / count, 0, 0.0005);
  EXPECT_NEAR(std::sqrt(squares / count), 0.02, 0.0005);
  // 3 for a normal distribution, 2.9 for a sum of twelve uniform numbers, 1.8 for a uniform one.
  EXPECT_NEAR(fourth / count / std::pow(squares / count, 2), 2.9, 0.15);
}

TEST(Vit, RefusesSizesThatDoNotFit) {
  const auto message = [](VitOptions options) { return make_vit(options).error().message; };
  EXPECT_EQ(message({.layers = 0}), "vision transformer: layers is 0, must be at least 1");
  EXPECT_THAT(message({.patch_size = 15}), HasSubstr("patch_size 15 does not divide"));
  EXPECT_THAT(message({.heads = 11}), HasSubstr("heads 11 does not divide width 768"));
}

}  // namespace
}  // namespace convoy::onnx
