#include "emulation/network_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "emulation/kernel_links.h"
#include "emulation/network_fixture.h"
#include "emulation/worker_links.h"

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
    links_.emplace(*network_, latencies_);
    changes_ = NetworkChanges::create(*links_, three_devices(), {a, b, c}, changes).value();
  }

  std::unique_ptr<VirtualNetwork> network_;
  WorkerLinks latencies_{three_devices()};
  std::optional<KernelLinks> links_;
  std::unique_ptr<NetworkChanges> changes_;
};

// Remembers what links were told to be, one after the other.
class ToldLinks : public LinkControl {
 public:
  Result<void> set(DeviceId from, DeviceId to, const runtime::LinkPace& link) override {
    return add(links_, {from, to}, link);
  }
  Result<void> set_reachable(DeviceId device, bool reachable) override {
    return add(reachable_, device, reachable);
  }
  std::vector<runtime::LinkPace> link(DeviceId from, DeviceId to) {
    const std::lock_guard lock(mutex_);
    return links_.at({from, to});
  }
  std::vector<bool> reachable(DeviceId device) {
    const std::lock_guard lock(mutex_);
    return reachable_.at(device);
  }

 private:
  template <class Key, class What>
  Result<void> add(std::map<Key, std::vector<What>>& all, const std::type_identity_t<Key>& key,
                   const What& what) {
    const std::lock_guard lock(mutex_);
    std::vector<What>& told = all[key];
    if (told.empty() || told.back() != what) told.push_back(what);
    return {};
  }

  std::mutex mutex_;
  std::map<std::pair<DeviceId, DeviceId>, std::vector<runtime::LinkPace>> links_;
  std::map<DeviceId, std::vector<bool>> reachable_;
};

class ToldChangesTest : public NetworkTest {
 protected:
  void SetUp() override {}  // any machine will do
};

TEST_F(ToldChangesTest, WhoeverMakesTheLinksSlowIsToldStepByStep) {
  fleet::Fleet fleet = three_devices();
  fleet.links[a][b].latency = Seconds(0.5);
  ToldLinks links;
  const auto changes =
      NetworkChanges::create(links, fleet, {a, b, c},
                             {.links = {{a,
                                         b,
                                         {{Seconds(0.25), BytesPerSecond(0), Seconds(0.25)},
                                          {Seconds(3600), BytesPerSecond(5e5), Seconds(0.25)}},
                                         Seconds(0)}},
                              .devices = {{c, {step(0.25, 0), step(3600, 3e6)}, Seconds(0)}},
                              .events = {{Seconds(0.5), b, fleet::Happening::leaves}}});
  ASSERT_TRUE(changes) << changes.error().message;
  (*changes)->begin();
  EXPECT_TRUE(comes_true([&] { return links.reachable(b) == std::vector{true, false}; }));
  EXPECT_TRUE(comes_true([&] { return links.link(b, c).back().is_cut; }));  // all of that is told
  // Outages begin with the changes.
  const auto told = links.link(a, b);
  ASSERT_EQ(told.size(), 4u);
  EXPECT_EQ(told[0], (runtime::LinkPace{BytesPerSecond(1e6), Seconds(0.5), false}));
  EXPECT_TRUE(told[1].is_cut);
  EXPECT_EQ(told[2], (runtime::LinkPace{BytesPerSecond(5e5), Seconds(0.75), false}));
  EXPECT_TRUE(told[3].is_cut);
  EXPECT_EQ(links.link(a, c).front(), runtime::LinkPace());
  EXPECT_EQ(links.link(a, c).back().rate, BytesPerSecond(3e6));
  EXPECT_EQ(links.reachable(a), std::vector{true});
  EXPECT_EQ(links.reachable(c), (std::vector{true, false, true}));
}

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
