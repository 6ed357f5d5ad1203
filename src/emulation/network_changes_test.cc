#include "emulation/network_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "emulation/network_fixture.h"

namespace convoy::emulation {
namespace {

using testing::HasSubstr;

const DeviceId a(0), b(1), c(2);
const End host;

fleet::TraceStep step(double duration_s, double bytes_per_second) {
  return {Seconds(duration_s), BytesPerSecond(bytes_per_second), Seconds(0)};
}

class NetworkChangesTest : public NetworkTest {
 protected:
  void start(const fleet::FleetChanges& changes) {
    network_ = make(at_slowest(three_devices(), changes));
    changes_ = NetworkChanges::create(*network_, three_devices(), {a, b, c}, changes).value();
  }

  std::unique_ptr<VirtualNetwork> network_;
  std::unique_ptr<NetworkChanges> changes_;
};

TEST(AtSlowest, TakesTheSlowestRateThatATraceHasButOutages) {
  fleet::Fleet fleet;
  fleet.devices = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(3, ById<DeviceId, fleet::Link>(3));
  fleet.links[a][b].bandwidth = BytesPerSecond(30'000);
  const auto slowest = at_slowest(
      fleet, {.links = {{a, b, {step(1, 40'000), step(1, 0), step(1, 50'000)}, Seconds(0)}},
              .devices = {{c, {step(1, 20'000), step(1, 1000)}, Seconds(0)}}});
  EXPECT_EQ(slowest.links[a][b].bandwidth, BytesPerSecond(30'000));
  EXPECT_EQ(slowest.links[b][a].bandwidth, BytesPerSecond(0));
  EXPECT_EQ(slowest.links[a][c].bandwidth, BytesPerSecond(20'000));
  EXPECT_EQ(slowest.links[c][b].bandwidth, BytesPerSecond(20'000));
  EXPECT_EQ(slowest.links[c][c].bandwidth, BytesPerSecond(0));
}

TEST_F(NetworkChangesTest, ALinkHasTheRatesOfItsTrace) {
  start({.links = {{a, c, {step(0.2, 250'000), step(3600, 500'000)}, Seconds(0)}}});
  EXPECT_THAT(classes(a), HasSubstr("rate 2Mbit"));
  changes_->begin();
  EXPECT_TRUE(comes_true([&] { return classes(a).contains("rate 4Mbit"); })) << classes(a);
  EXPECT_THAT(classes(a), HasSubstr("rate 8Mbit"));  // to b, as ever
  EXPECT_FALSE(changes_->problem());
}

TEST_F(NetworkChangesTest, AnOutageBeginsWithTheChangesAndLeavesTheHostReachable) {
  start({.links = {{a, b, {step(3, 0), step(3600, 500'000)}, Seconds(0)}}});
  EXPECT_TRUE(arrives(*network_, a, b));
  changes_->begin();
  EXPECT_TRUE(comes_true([&] { return !arrives(*network_, a, b); }));
  EXPECT_TRUE(arrives(*network_, host, b));
  EXPECT_TRUE(arrives(*network_, b, a));
  EXPECT_TRUE(comes_true([&] { return arrives(*network_, a, b); }));
}

TEST_F(NetworkChangesTest, ADeviceWithoutNetworkIsCutOffFromTheHostToo) {
  start({.devices = {{c, {step(3600, 0)}, Seconds(0)}}});
  changes_->begin();
  EXPECT_TRUE(comes_true([&] { return !arrives(*network_, host, c); }));
  EXPECT_FALSE(arrives(*network_, c, host));
  EXPECT_FALSE(arrives(*network_, a, c));
  EXPECT_TRUE(arrives(*network_, a, b));
  EXPECT_TRUE(changes_->is_present(c));
}

TEST_F(NetworkChangesTest, DevicesJoinAndLeave) {
  start({.events = {{Seconds(0.2), c, fleet::Happening::joins},
                    {Seconds(3), b, fleet::Happening::leaves}}});
  EXPECT_FALSE(changes_->is_present(c));
  EXPECT_TRUE(changes_->is_present(b));
  EXPECT_FALSE(arrives(*network_, host, c));
  EXPECT_FALSE(arrives(*network_, c, a));
  EXPECT_TRUE(arrives(*network_, host, b));
  changes_->begin();
  EXPECT_TRUE(comes_true([&] { return changes_->is_present(c); }));
  EXPECT_TRUE(arrives(*network_, host, c));
  EXPECT_TRUE(arrives(*network_, c, a));
  EXPECT_TRUE(comes_true([&] { return !changes_->is_present(b); }));
  EXPECT_FALSE(arrives(*network_, host, b));
  EXPECT_FALSE(arrives(*network_, b, a));
}

TEST_F(NetworkChangesTest, EndsAtOnceWhateverIsStillToCome) {
  start({.events = {{Seconds(3600), b, fleet::Happening::leaves}}});
  changes_->begin();
  changes_.reset();
  EXPECT_TRUE(arrives(*network_, host, b));
}

}  // namespace
}  // namespace convoy::emulation
