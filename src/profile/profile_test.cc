#include "profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/testing.h"
#include "profile/profile_cache.h"

namespace convoy::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Profile example() {
  return {.items = 8,
          .model_sha256 = "abc",
          .runtime_version = "1.32.0",
          .values = {{"x", Bytes(12)}, {"odd \"name\"\n", Bytes(1)}},
          .devices = {{.device = "phone",
                       .source = Source::emulated,
                       .run = Seconds(0.1),
                       .spread = Seconds(0.003),
                       .runs = 17,
                       .cores = 0.5,
                       .nodes = {{"conv", Seconds(1.0 / 3)}},
                       .stage_overhead = Seconds(1e-5),
                       .runtime_memory = Bytes(40'000'000)}}};
}

TEST(ProfileFile, ReadsBackWhatWasWritten) {
  const Result<Profile> read = parse_profile(to_json(example()), "p.json");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->items, 8);
  EXPECT_EQ(read->model_sha256, "abc");
  EXPECT_EQ(read->runtime_version, "1.32.0");
  EXPECT_EQ(read->values, example().values);
  ASSERT_EQ(read->devices.size(), 1U);
  const DeviceProfile& device = read->devices[0];
  EXPECT_EQ(device.device, "phone");
  EXPECT_EQ(device.source, Source::emulated);
  EXPECT_EQ(device.run, Seconds(0.1));
  EXPECT_EQ(device.spread, Seconds(0.003));
  EXPECT_EQ(device.runs, 17);
  EXPECT_EQ(device.cores, 0.5);
  EXPECT_EQ(device.nodes.at("conv"), Seconds(1.0 / 3));
  EXPECT_EQ(device.stage_overhead, Seconds(1e-5));
  EXPECT_EQ(device.runtime_memory, Bytes(40'000'000));
}

TEST(ProfileFile, SaysWhatIsWrong) {
  const auto message_for = [](const std::string& from, const std::string& to) {
    std::string text = to_json(example());
    text.replace(text.find(from), from.size(), to);
    const Result<Profile> read = parse_profile(text, "p.json");
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(message_for("\"run_s\"", "\"ran_s\""), "p.json: \"run_s\" is missing");
  EXPECT_EQ(message_for("\"emulated\"", "\"guessed\""),
            "p.json: the source \"guessed\" is not measured, emulated or estimated");
  EXPECT_EQ(message_for("0.003", "-1"),
            "p.json: \"spread_s\" is not a number from 0 to 1e+06");
  EXPECT_EQ(message_for("0.003", "1e308"), "p.json: \"spread_s\" is not a number from 0 to 1e+06");
  EXPECT_EQ(message_for("12", "1e300"), "p.json: \"x\" is not a number from 0 to 1e+15");
  EXPECT_EQ(message_for("17", "1e300"), "p.json: \"runs\" is not a number from 0 to 1e+09");
  EXPECT_EQ(message_for("\"abc\"", "7"), "p.json: \"model_sha256\" is not a text");
}

TEST(ProfileCache, FindsWhatWasKeptForTheSameFleetModelAndShapes) {
  const onnx::ScratchFolder folder;
  fleet::Fleet fleet;
  fleet.devices.push_back({.name = "a/b \"c\"", .type = {}, .memory = Bytes(0)});
  const std::vector<engine::SharedTensor> inputs(1);
  const auto file = kept_profile(folder / "cache", "abc", fleet, inputs);
  EXPECT_FALSE(find_profile(file));
  ASSERT_TRUE(keep_profile(file, example()));
  const auto found = find_profile(kept_profile(folder / "cache", "abc", fleet, inputs));
  ASSERT_TRUE(found);
  EXPECT_EQ(to_json(*found), to_json(example()));

  EXPECT_NE(kept_profile(folder / "cache", "abd", fleet, inputs), file);
  std::vector<engine::SharedTensor> larger(1);
  larger[0].dims = {2};
  EXPECT_NE(kept_profile(folder / "cache", "abc", fleet, larger), file);
  fleet.devices[DeviceId(0)].cores = 0.5;
  EXPECT_NE(kept_profile(folder / "cache", "abc", fleet, inputs), file);
}

// x -> a -> b -> y with a branch x -> c; c and b read constants that "k" and "l" make of weight w.
constexpr const char* kModel = R"(
    g (float[2] x) => (float[2] y)
    <float[2] w = {1, 2}, float[2] v = {3, 4}> {
      k = Neg(w)
      l = Exp(k)
      a = Add(x, v)
      c = Mul(x, l)
      b = Mul(a, k)
      y = Add(b, c)
    })";

onnx::Graph graph() {
  return onnx::index_graph(
             onnx::named(onnx::parse_graph(kModel), {"Nk", "Nl", "Na", "Nc", "Nb", "Ny"}))
      .value();
}

Profile measured() {
  Profile profile;
  for (const char* value : {"x", "k", "l", "a", "b", "c", "y"}) profile.values[value] = Bytes(8);
  for (const double factor : {1.0, 2.0}) {
    DeviceProfile device;
    device.device = factor == 1 ? "fast" : "slow";
    int i = 0;
    for (const char* node : {"Na", "Nc", "Nb", "Ny"}) device.nodes[node] = Seconds(factor * ++i);
    device.stage_overhead = Seconds(factor / 10);
    device.runtime_memory = Bytes(100);
    profile.devices.push_back(device);
  }
  return profile;
}

fleet::Fleet fleet_of(const std::vector<std::string>& names) {
  fleet::Fleet fleet;
  for (const std::string& name : names) {
    fleet.devices.push_back({.name = name, .type = {}, .memory = Bytes(0)});
  }
  return fleet;
}

std::vector<std::string> names_of(const plan::CostGraph& costs, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (const ValueId id : ids) names.push_back(costs.values[id].name);
  return names;
}

TEST(CostGraph, PlacesWhatDependsOnInputs) {
  const auto planned = cost_graph(graph(), measured(), fleet_of({"slow", "fast"}));
  ASSERT_TRUE(planned) << planned.error().message;
  const plan::CostGraph& costs = planned->costs;
  ASSERT_EQ(costs.nodes.size(), 4U);
  EXPECT_EQ(costs.nodes[NodeId(0)].name, "Na");
  EXPECT_THAT(names_of(costs, costs.nodes[NodeId(2)].reads), ElementsAre("a"))
      << "what copied nodes make is not sent";
  EXPECT_THAT(names_of(costs, costs.nodes[NodeId(3)].reads), UnorderedElementsAre("b", "c"));
  EXPECT_EQ(costs.compute[DeviceId(0)][NodeId(1)], Seconds(4)) << "on the slow device";
  EXPECT_EQ(costs.compute[DeviceId(1)][NodeId(1)], Seconds(2));
  EXPECT_EQ(costs.stage_overhead[DeviceId(0)], Seconds(0.2));
  EXPECT_EQ(costs.runtime_memory[DeviceId(0)], Bytes(100));
}

TEST(CostGraph, SaysWhereItsCostsComeFrom) {
  Profile profile = measured();
  profile.items = 4;
  const auto costs_of = [&](const std::vector<std::string>& devices) {
    return cost_graph(graph(), profile, fleet_of(devices)).value().costs;
  };
  EXPECT_EQ(costs_of({"fast", "slow"}).source, "measured");
  EXPECT_EQ(costs_of({"fast"}).items, 4);
  profile.devices[1].source = Source::estimated;
  EXPECT_EQ(costs_of({"fast", "slow"}).source, "measured, estimated");
  EXPECT_EQ(costs_of({"slow"}).source, "estimated");
}

TEST(CostGraph, KnowsWhoMakesAndReadsEachValue) {
  const auto planned = cost_graph(graph(), measured(), fleet_of({"fast"}));
  ASSERT_TRUE(planned) << planned.error().message;
  for (const plan::CostValue& value : planned->costs.values) {
    EXPECT_EQ(value.bytes, Bytes(8));
    EXPECT_EQ(value.is_output, value.name == "y");
    EXPECT_EQ(value.producer.has_value(), value.name != "x");
    if (value.name == "x") {
      EXPECT_THAT(value.consumers, ElementsAre(NodeId(0), NodeId(1)));
    }
  }
  EXPECT_EQ(planned->costs.values.size(), 5U) << "x, a, b, c, y";
}

TEST(CostGraph, CountsWhatCopiedNodesNeedAtTheirReaders) {
  const auto planned = cost_graph(graph(), measured(), fleet_of({"fast"}));
  ASSERT_TRUE(planned) << planned.error().message;
  const plan::CostGraph& costs = planned->costs;
  const auto bytes_of = [&](std::size_t node) {
    Bytes sum{0};
    for (const WeightId weight : costs.nodes[NodeId(node)].weights) sum += costs.weights[weight];
    return sum.value();
  };
  EXPECT_EQ(bytes_of(0), 8) << "Na reads v";
  EXPECT_EQ(bytes_of(1), 24) << "Nc reads l, which is made of k and w";
  EXPECT_EQ(bytes_of(2), 16) << "Nb reads k, which is made of w";
  EXPECT_EQ(bytes_of(3), 0);
  EXPECT_THAT(costs.nodes[NodeId(2)].weights,
              ::testing::IsSubsetOf(costs.nodes[NodeId(1)].weights)) << "w and k are shared";
}

TEST(CostGraph, NamesWhatTheProfileLacks) {
  EXPECT_EQ(cost_graph(graph(), measured(), fleet_of({"fasd"})).error().message,
            "the profile lacks the device \"fasd\"; did you mean \"fast\"?");
  Profile profile = measured();
  profile.devices[1].nodes.erase("Nb");
  EXPECT_EQ(cost_graph(graph(), profile, fleet_of({"slow"})).error().message,
            "the profile of the device \"slow\" lacks the node \"Nb\": it was made of another model");
  fleet::Fleet throttled = fleet_of({"fast"});
  throttled.devices[DeviceId(0)].cores = 0.5;
  EXPECT_EQ(cost_graph(graph(), measured(), throttled).error().message,
            "the profile of the device \"fast\" was made with no limit to its cores, but it has 0.5 "
            "cores; convoy profile makes another");
  profile = measured();
  profile.values.erase("c");
  EXPECT_THAT(cost_graph(graph(), profile, fleet_of({"fast"})).error().message,
              HasSubstr("no size for the value \"c\""));
}

TEST(CostGraph, TurnsPlacementsIntoPartitionsAndBack) {
  const auto planned = cost_graph(graph(), measured(), fleet_of({"fast", "slow"}));
  ASSERT_TRUE(planned) << planned.error().message;
  const plan::Placement placement = {{DeviceId(1), {NodeId(0), NodeId(1)}},
                                     {DeviceId(0), {NodeId(2), NodeId(3)}}};
  const onnx::Partition partition = partition_of(*planned, graph().nodes.size(), placement);
  EXPECT_EQ(partition.parts, 2U);
  ASSERT_EQ(partition.part_of.size(), 6U);
  EXPECT_EQ(partition.part_of[NodeId(2)], PartId(0)) << "Na is node 2 of the model";
  EXPECT_EQ(partition.part_of[NodeId(4)], PartId(1));
  EXPECT_EQ(placement_of(*planned, partition, {DeviceId(1), DeviceId(0)}), placement);
}

}  // namespace
}  // namespace convoy::profile
