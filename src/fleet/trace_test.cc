#include "fleet/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace convoy::fleet {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const DeviceId a(0), b(1), c(2);

// Devices a, b, c; links of 1000 bytes a second and 1 s of latency.
Fleet three_devices() {
  Fleet fleet;
  for (const char* const name : {"a", "b", "c"}) {
    Device device;
    device.name = name;
    fleet.devices.push_back(std::move(device));
  }
  const Link link{BytesPerSecond(1000), Seconds(1)};
  fleet.links = ById<DeviceId, ById<DeviceId, Link>>(3, ById<DeviceId, Link>(3, link));
  return fleet;
}

TraceStep step(double duration_s, double bytes_per_second, double latency_s = 0) {
  return {Seconds(duration_s), BytesPerSecond(bytes_per_second), Seconds(latency_s)};
}

std::vector<double> durations(const std::vector<FleetInterval>& intervals) {
  std::vector<double> seconds;
  for (const FleetInterval& interval : intervals) seconds.push_back(interval.duration.count());
  return seconds;
}

std::vector<double> bandwidths(const std::vector<FleetInterval>& intervals, DeviceId from,
                               DeviceId to) {
  std::vector<double> rates;
  for (const FleetInterval& interval : intervals) {
    const Link& link = interval.fleet.links[from][to];
    rates.push_back(is_dead(link) ? 0 : link.bandwidth.value());
  }
  return rates;
}

TEST(FleetOverTime, ALinkFollowsItsTraceAndBeginsAnewWhereItEnds) {
  FleetChanges changes;
  changes.links.push_back({a, b, {step(2, 500, 3), step(1, 0), step(2, 4000)}, Seconds(0)});
  const auto intervals = fleet_over_time(three_devices(), changes, {.horizon = Seconds(8)});
  EXPECT_THAT(durations(intervals), ElementsAre(2, 1, 2, 2, 1));
  // Never above the link's own; the other direction is as ever.
  EXPECT_THAT(bandwidths(intervals, a, b), ElementsAre(500, 0, 1000, 500, 0));
  EXPECT_THAT(bandwidths(intervals, b, a), ElementsAre(1000, 1000, 1000, 1000, 1000));
  EXPECT_EQ(intervals[0].fleet.links[a][b].latency, Seconds(4));
}

TEST(FleetOverTime, WhatBeginsLaterGoesOnAsWhatBeganAtTime0) {
  FleetChanges changes;
  changes.links.push_back({a, b, {step(2, 500), step(1, 0), step(2, 4000)}, Seconds(0)});
  changes.events = {{Seconds(1), c, Happening::leaves}, {Seconds(5), c, Happening::joins}};
  const auto intervals =
      fleet_over_time(three_devices(), changes, {.begin = Seconds(3), .horizon = Seconds(8)});
  EXPECT_THAT(durations(intervals), ElementsAre(2, 2, 1));
  EXPECT_THAT(bandwidths(intervals, a, b), ElementsAre(1000, 500, 0));
  EXPECT_FALSE(intervals[0].present[c]);
  EXPECT_TRUE(intervals[1].present[c]);
}

TEST(FleetOverTime, AnOffsetBeginsInTheMiddle) {
  FleetChanges changes;
  changes.links.push_back({a, b, {step(2, 500), step(2, 0)}, Seconds(7)});
  const auto intervals = fleet_over_time(three_devices(), changes, {.horizon = Seconds(4)});
  EXPECT_THAT(durations(intervals), ElementsAre(1, 2, 1));
  EXPECT_THAT(bandwidths(intervals, a, b), ElementsAre(0, 500, 0));
}

TEST(FleetOverTime, ADevicesTraceHoldsForAllItsLinksTheSlowerOfBothEnds) {
  FleetChanges changes;
  changes.devices.push_back({a, {step(1, 300, 1), step(1, 100)}, Seconds(0)});
  changes.devices.push_back({b, {step(2, 200, 1)}, Seconds(0)});
  const auto intervals = fleet_over_time(three_devices(), changes, {.horizon = Seconds(2)});
  EXPECT_THAT(bandwidths(intervals, a, b), ElementsAre(200, 100));
  EXPECT_THAT(bandwidths(intervals, c, a), ElementsAre(300, 100));
  EXPECT_THAT(bandwidths(intervals, b, c), ElementsAre(200, 200));
  EXPECT_EQ(intervals[0].fleet.links[b][a].latency, Seconds(3));
}

TEST(FleetOverTime, ShortStepsAreJoinedWithTheirMean) {
  FleetChanges changes;
  Trace quick(10, step(0.1, 100));
  for (std::size_t i = 0; i < quick.size(); i += 2) quick[i].bandwidth = BytesPerSecond(300);
  changes.links.push_back({a, b, quick, Seconds(0)});
  const auto intervals =
      fleet_over_time(three_devices(), changes, {.horizon = Seconds(10), .shortest = Seconds(2)});
  ASSERT_THAT(intervals, SizeIs(1));  // five equal ones
  EXPECT_NEAR(intervals[0].duration.count(), 10, 1e-9);
  EXPECT_NEAR(intervals[0].fleet.links[a][b].bandwidth.value(), 200, 1e-6);
}

TEST(FleetOverTime, WhoLeavesHasDeadLinksUntilHeJoins) {
  FleetChanges changes;
  changes.events = {{Seconds(1), c, Happening::joins},
                    {Seconds(2), b, Happening::leaves},
                    {Seconds(4), b, Happening::joins}};
  const auto intervals = fleet_over_time(three_devices(), changes, {.horizon = Seconds(5)});
  EXPECT_THAT(durations(intervals), ElementsAre(1, 1, 2, 1));
  EXPECT_THAT(bandwidths(intervals, a, b), ElementsAre(1000, 1000, 0, 1000));
  EXPECT_THAT(bandwidths(intervals, c, a), ElementsAre(0, 1000, 1000, 1000));
  EXPECT_EQ(intervals[2].present, (ById<DeviceId, bool>{true, false, true}));
  EXPECT_EQ(duration_of(changes), Seconds(64));
}

TEST(FleetOverTime, TheMeanCountsADeadLinkAsNothing) {
  FleetChanges changes;
  changes.links.push_back({a, b, {step(1, 800), step(3, 0, 4)}, Seconds(0)});
  const FleetInterval mean =
      mean_of(fleet_over_time(three_devices(), changes, {.horizon = Seconds(4)}));
  EXPECT_EQ(mean.fleet.links[a][b].bandwidth, BytesPerSecond(200));
  EXPECT_EQ(mean.fleet.links[a][b].latency, Seconds(4));  // 1 s of its own, 3 s of the trace
  EXPECT_EQ(mean.fleet.links[b][a].bandwidth, BytesPerSecond(1000));
}

// Against figures stated with the traces (duration, share of the time below 50 kbit/s).
TEST(ReadTrace, ReadsPublishedTraces) {
  const char* const set = std::getenv("CONVOY_FIXTURES");
  const std::filesystem::path folder =
      std::filesystem::path(set != nullptr ? set : CONVOY_SOURCE_DIR "/../shared/fixtures") /
      "traces";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  struct Published {
    const char* name;
    double seconds;
    double share_below;
  };
  for (const auto& [name, seconds, share] :
       {Published{"report_train_0001", 505, 0.028},
        {"report_train_0003", 540, 0.059},
        {"report_bus_0001", 606, 0},
        {"norway_3g_report.2010-09-21_0742CEST", 1133, 0.39}}) {
    const auto trace = read_trace(folder / (std::string(name) + ".json"));
    ASSERT_TRUE(trace) << trace.error().message;
    EXPECT_NEAR(duration_of(*trace).count(), seconds, 1) << name;
    Seconds below{0};
    for (const TraceStep& one : *trace) {
      if (one.bandwidth < BytesPerSecond(50e3 / 8)) below += one.duration;
    }
    EXPECT_NEAR(below / duration_of(*trace), share, 0.005) << name;
  }
}

}  // namespace
}  // namespace convoy::fleet
