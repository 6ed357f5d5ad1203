#include "runtime/route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

onnx::SubModel part(std::string device, std::vector<std::string> inputs,
                    std::vector<std::string> outputs) {
  return {.file = device + ".onnx",
          .device = device,
          .inputs = std::move(inputs),
          .outputs = std::move(outputs)};
}

TEST(Route, SendsAValueFromTheStageThatMakesItToThoseThatReadIt) {
  // x -> phone -> a -> tablet -> b -> laptop -> y, and the laptop reads a and x too.
  const auto route = runtime::route({.inputs = {"x"},
                                     .outputs = {"y"},
                                     .sub_models = {part("phone", {"x"}, {"a"}),
                                                    part("tablet", {"a"}, {"b"}),
                                                    part("laptop", {"b", "a", "x"}, {"y"})}});
  ASSERT_TRUE(route);
  EXPECT_THAT(route->devices, ElementsAre("phone", "tablet", "laptop"));
  EXPECT_THAT(route->inputs[0].readers, ElementsAre(PeerId(1), PeerId(3)));
  EXPECT_THAT(route->stages[0].spec.outputs[0].readers, ElementsAre(PeerId(2), PeerId(3)));
  EXPECT_THAT(route->stages[1].spec.outputs[0].readers, ElementsAre(PeerId(3)));
  EXPECT_THAT(route->stages[2].spec.outputs[0].readers, ElementsAre(kCoordinator));
  EXPECT_EQ(route->stages[2].spec.inputs[1], route->stages[0].spec.outputs[0].value);
  EXPECT_EQ(route->outputs[0], route->stages[2].spec.outputs[0].value);
}

TEST(Route, SendsAValueOnceToADeviceWithSeveralStages) {
  const auto route = runtime::route({.inputs = {"x"},
                                     .outputs = {"y", "a"},
                                     .sub_models = {part("phone", {"x"}, {"a"}),
                                                    part("tablet", {"a"}, {"b"}),
                                                    part("phone", {"b"}, {"c"}),
                                                    part("tablet", {"a", "c"}, {"y"})}});
  ASSERT_TRUE(route);
  EXPECT_THAT(route->devices, ElementsAre("phone", "tablet"));
  EXPECT_THAT(route->stages[0].spec.outputs[0].readers, ElementsAre(kCoordinator, PeerId(2)));
  EXPECT_EQ(route->stages[2].peer, PeerId(1));
}

TEST(Route, TakesAnInputThatIsPassedOnFromTheFirstStageThatLeadsItOut) {
  const auto route = runtime::route({.inputs = {"x"},
                                     .outputs = {"x", "y"},
                                     .sub_models = {part("phone", {"x"}, {"a", "x"}),
                                                    part("tablet", {"a", "x"}, {"y", "x"})}});
  ASSERT_TRUE(route);
  EXPECT_THAT(route->inputs[0].readers, ElementsAre(PeerId(1), PeerId(2)));
  EXPECT_THAT(route->stages[0].spec.outputs[1].readers, ElementsAre(kCoordinator));
  EXPECT_THAT(route->stages[1].spec.outputs[1].readers, IsEmpty());
  EXPECT_EQ(route->outputs[0], route->inputs[0].value);
}

TEST(Route, TellsAStageThatReadsNothingOfEachRequest) {
  const auto route = runtime::route(
      {.inputs = {"x"},
       .outputs = {"y"},
       .sub_models = {part("phone", {}, {"noise"}), part("tablet", {"x", "noise"}, {"y"})}});
  ASSERT_TRUE(route);
  ASSERT_THAT(route->triggers, SizeIs(1));
  EXPECT_THAT(route->triggers[0].readers, ElementsAre(PeerId(1)));
  EXPECT_THAT(route->stages[0].spec.inputs, ElementsAre(route->triggers[0].value));
}

TEST(Route, SendsEachRequestToTheDeviceWhoseTurnItIs) {
  onnx::SubModel shared = part("tablet", {"a"}, {"y"});
  onnx::assign(shared, {"tablet", "laptop", "tablet"});
  const onnx::SplitMap map{
      .inputs = {"x"}, .outputs = {"y"}, .sub_models = {part("phone", {"x"}, {"a"}), shared}};
  const auto route = runtime::route(map);
  ASSERT_TRUE(route);
  EXPECT_THAT(route->devices, ElementsAre("phone", "tablet", "laptop"));
  ASSERT_THAT(route->stages, SizeIs(3));
  EXPECT_EQ(route->stages[1].peer, PeerId(2));
  EXPECT_EQ(route->stages[2].peer, PeerId(3));
  EXPECT_EQ(route->stages[2].sub_model, 1U);
  ASSERT_THAT(route->stages[0].spec.outputs[0].readers, SizeIs(1));
  const Reader& reader = route->stages[0].spec.outputs[0].readers[0];
  EXPECT_EQ(reader.of(0), PeerId(2));
  EXPECT_EQ(reader.of(1), PeerId(3));
  EXPECT_EQ(reader.of(2), PeerId(2));
  EXPECT_EQ(reader.of(3), PeerId(2));
  for (const std::size_t stage : {1U, 2U}) {
    EXPECT_THAT(route->stages[stage].spec.outputs[0].readers, ElementsAre(kCoordinator));
  }
}

TEST(Route, RefusesADeviceThatTakesTurnsAndHasMore) {
  onnx::SubModel shared = part("tablet", {"a"}, {"y"});
  onnx::assign(shared, {"tablet", "phone"});
  const auto route = runtime::route(
      {.inputs = {"x"}, .outputs = {"y"}, .sub_models = {part("phone", {"x"}, {"a"}), shared}});
  ASSERT_FALSE(route);
  EXPECT_EQ(route.error().message,
            "map.json: device phone takes turns at tablet.onnx and runs phone.onnx, too; it may only "
            "have one");
}

TEST(Route, RefusesAMapThatDoesNotAddUp) {
  const auto message = [](std::vector<onnx::SubModel> parts) {
    const auto route =
        runtime::route({.inputs = {"x"}, .outputs = {"y"}, .sub_models = std::move(parts)});
    return route ? "" : route.error().message;
  };
  EXPECT_EQ(message({part("", {"x"}, {"y"})}), "map.json: .onnx has no device");
  EXPECT_EQ(message({part("phone", {"a"}, {"y"}), part("tablet", {"x"}, {"a"})}),
            "map.json: phone.onnx reads \"a\", which is no input of the model and no output of an "
            "earlier sub-model");
  EXPECT_EQ(message({part("phone", {"x"}, {"z"})}),
            "map.json: no sub-model makes the model's output \"y\"");
}

}  // namespace
}  // namespace convoy::runtime
