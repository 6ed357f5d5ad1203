#include "profile/roofline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/named_run.h"
#include "engine/sample.h"
#include "onnx/testing.h"

namespace convoy::profile {
namespace {

// 100 floating-point operations and 10 bytes a second.
const Roofs kRoofs{FlopsPerSecond(100), BytesPerSecond(10)};

TEST(Roofline, IsTheLongerOfArithmeticAndTraffic) {
  EXPECT_EQ(roofline({.flops = 300, .moved = Bytes(20)}, kRoofs), Seconds(3));
  EXPECT_EQ(roofline({.flops = 100, .moved = Bytes(20)}, kRoofs), Seconds(2));
  EXPECT_EQ(roofline({.flops = 0, .moved = Bytes(0)}, kRoofs), Seconds(0));
}

// A symbolic model, so that only its run tells the sizes.
class EstimateFleet : public testing::Test {
 protected:
  EstimateFleet() {
    const onnx::Model model = onnx::named(onnx::parse_graph(R"(
      g (float[N,3] x, float[3,4] w) => (float[N,4] y) {
        p = MatMul(x, w)
        y = Relu(p)
      })"),
                                          {"product", "relu"});
    EXPECT_TRUE(onnx::write_model(model, file_));
    const auto ports = engine::inputs_of(onnx::index_graph(model).value());
    inputs_ = engine::by_name(
        ports, engine::sample_inputs(ports, {{"N", 2}}, engine::kSampleSeed).value());
    fleet_.devices.push_back({.name = "phone",
                              .cores = 0.5,
                              .flops = FlopsPerSecond(48),
                              .memory_bandwidth = BytesPerSecond(64)});
    fleet_.devices.push_back(
        {.name = "watch", .flops = FlopsPerSecond(4), .memory_bandwidth = BytesPerSecond(1024)});
  }

  onnx::ScratchFolder folder_;
  std::filesystem::path file_ = folder_ / "model.onnx";
  engine::NamedTensors inputs_;
  fleet::Fleet fleet_;
};

TEST_F(EstimateFleet, GoesByTheSizesOfARun) {
  const Result<Profile> profile = estimate_fleet(file_, inputs_, fleet_);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->values.at("x"), Bytes(24));
  EXPECT_EQ(profile->values.at("p"), Bytes(32));
  ASSERT_EQ(profile->devices.size(), 2U);
  // The product: 2 * 2 * 4 * 3 operations, 24 + 48 + 32 bytes. The relu: 8 and 64.
  const DeviceProfile& phone = profile->devices[0];
  EXPECT_EQ(phone.source, Source::estimated);
  EXPECT_EQ(phone.cores, 0.5);
  EXPECT_EQ(phone.nodes.at("product"), Seconds(104.0 / 64)) << "by memory";
  EXPECT_EQ(phone.nodes.at("relu"), Seconds(1));
  EXPECT_EQ(phone.run, Seconds(104.0 / 64 + 1));
  const DeviceProfile& watch = profile->devices[1];
  EXPECT_EQ(watch.nodes.at("product"), Seconds(12)) << "by arithmetic";
  EXPECT_EQ(watch.nodes.at("relu"), Seconds(2));
}

TEST_F(EstimateFleet, NamesEachDeviceThatLacksAKey) {
  fleet_.devices[DeviceId(0)].flops.reset();
  fleet_.devices[DeviceId(1)].flops.reset();
  fleet_.devices[DeviceId(1)].memory_bandwidth.reset();
  EXPECT_EQ(estimate_fleet(file_, inputs_, fleet_).error().message,
            "the device \"phone\" has no flops; the device \"watch\" has no flops and no "
            "memory_bandwidth: estimates need both; convoy doctor --calibrate, run on a device, "
            "measures its own");
}

}  // namespace
}  // namespace convoy::profile
