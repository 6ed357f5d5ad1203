#include "runtime/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace convoy::runtime {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kEpoch = 0x1234'5678'0000'0001;

// A phone that computes for a tablet; one request of two is answered.
Timeline two_devices() {
  Timeline timeline{.devices = {"phone", "tablet"}};
  timeline.plans = {{.stages = {{.device = 0, .file = "a.onnx", .readers = {1}},
                                {.device = 1, .file = "b.onnx"}}}};
  timeline.reigns = {{.epoch = kEpoch, .plan = 0, .since = Seconds(1), .until = Seconds(5)}};
  timeline.requests = {{.number = 0, .begin = Seconds(1), .end = Seconds(4)},
                       {.number = 1, .begin = Seconds(1.5)}};
  timeline.intervals = {
      {kEpoch, 0, 0, Seconds(1), Seconds(1.25), Seconds(2)},
      {kEpoch, 1, 0, Seconds(2.5), Seconds(3), Seconds(4)},
      {kEpoch + 1, 0, 1, Seconds(6), Seconds(6), Seconds(7)},  // of a plan that nobody knows
  };
  timeline.losses = {{.device = "tablet", .what = "it is gone", .detected = Seconds(5)}};
  return timeline;
}

std::vector<json> events(const Timeline& timeline, const std::string& phase) {
  std::vector<json> found;
  const json trace = json::parse(to_trace_events(timeline));
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == phase) found.push_back(event);
  }
  return found;
}

TEST(Timeline, NamesAProcessPerDevice) {
  std::vector<std::string> names;
  for (const json& event : events(two_devices(), "M")) {
    if (event.at("name") == "process_name") names.push_back(event.at("args").at("name"));
  }
  EXPECT_THAT(names, ElementsAre("coordinator", "phone", "tablet"));
}

TEST(Timeline, ComputingIsOneSpanEachInMicroseconds) {
  std::vector<json> computing;
  for (json& event : events(two_devices(), "X")) {
    if (event.at("cat") == "compute") computing.push_back(std::move(event));
  }
  ASSERT_THAT(computing, SizeIs(2));
  EXPECT_EQ(computing[0], json({{"ph", "X"},
                                {"cat", "compute"},
                                {"name", "a.onnx"},
                                {"pid", 1},
                                {"tid", 1},
                                {"ts", 1.25e6},
                                {"dur", 0.75e6},
                                {"args", {{"request", 0}, {"epoch", 1}, {"waited_us", 0.25e6}}}}));
  EXPECT_EQ(computing[1].at("pid"), 2);
}

TEST(Timeline, WhatOverlapsIsAPairOfBeginAndEnd) {
  const auto begins = events(two_devices(), "b");
  const auto ends = events(two_devices(), "e");
  ASSERT_THAT(begins, SizeIs(2));
  ASSERT_THAT(ends, SizeIs(2));
  EXPECT_EQ(begins[0].at("name"), "request 0");
  EXPECT_EQ(begins[0].at("ts"), 1e6);
  EXPECT_EQ(ends[0].at("ts"), 4e6);
  EXPECT_EQ(begins[1].at("name"), "a.onnx to tablet");
  EXPECT_EQ(begins[1].at("ts"), 2e6);
  EXPECT_EQ(ends[1].at("ts"), 2.5e6);
  EXPECT_EQ(begins[1].at("id"), ends[1].at("id"));
  EXPECT_NE(begins[0].at("id"), begins[1].at("id"));
}

TEST(Timeline, ClocksThatDisagreeMakeNoNegativeSpan) {
  Timeline timeline = two_devices();
  timeline.intervals[1].ready = Seconds(1.9);
  EXPECT_EQ(events(timeline, "e")[1].at("ts"), 2e6);
}

TEST(Timeline, TellsLossesAndPlans) {
  Timeline timeline = two_devices();
  const auto instants = events(timeline, "i");
  ASSERT_THAT(instants, SizeIs(2));
  EXPECT_EQ(instants[0].at("name"), "request 1 without answer");
  EXPECT_EQ(instants[1].at("name"), "tablet is lost");
  EXPECT_EQ(instants[1].at("ts"), 5e6);
  EXPECT_EQ(events(timeline, "X")[0].at("name"), "plan 1");
  timeline.losses[0].resumed = Seconds(5.5);
  EXPECT_EQ(events(timeline, "X")[1].at("name"), "recovers from the loss of tablet");
  EXPECT_EQ(events(timeline, "X")[1].at("dur"), 0.5e6);
}

TEST(Timeline, APlanThatCannotRunIsNoLossOfADevice) {
  Timeline timeline = two_devices();
  timeline.losses = {
      {.device = "", .what = "no memory", .detected = Seconds(5), .resumed = Seconds(6)}};
  EXPECT_EQ(events(timeline, "i").back().at("name"), "another plan is needed");
  EXPECT_EQ(events(timeline, "X")[1].at("name"), "until another plan runs");
}

TEST(Timeline, TellsWhichRequestsRunAgain) {
  Timeline timeline = two_devices();
  timeline.requests.push_back({.number = 2, .begin = Seconds(4), .end = Seconds(7)});
  timeline.requests.push_back({.number = 3, .begin = Seconds(5.2), .end = Seconds(8)});  // no plan
  timeline.requests.push_back({.number = 4, .begin = Seconds(6), .end = Seconds(8)});
  timeline.reigns.push_back({.epoch = kEpoch + 2, .plan = 0, .since = Seconds(5.5)});
  std::vector<json> replays;
  for (json& event : events(timeline, "i")) {
    if (event.at("cat") == "replay") replays.push_back(std::move(event));
  }
  ASSERT_THAT(replays, SizeIs(2));
  EXPECT_EQ(replays[0].at("name"), "request 1 runs again");
  EXPECT_EQ(replays[0].at("ts"), 5.5e6);
  EXPECT_EQ(replays[0].at("args"), json({{"request", 1}, {"from_epoch", 1}, {"epoch", 3}}));
  EXPECT_EQ(replays[1].at("args").at("request"), 2);
}

TEST(Timeline, APlanKnowsWhoReadsOnOtherDevices) {
  onnx::SplitMap map{.inputs = {"x"}, .outputs = {"z"}};
  map.sub_models = {
      {.file = "a.onnx", .device = "phone", .inputs = {"x"}, .outputs = {"y"}},
      {.file = "b.onnx", .device = "phone", .inputs = {"y"}, .outputs = {"w"}},
      {.file = "c.onnx", .device = "tablet", .inputs = {"y", "w"}, .outputs = {"z"}},
  };
  const auto made = route(map);
  ASSERT_TRUE(made) << made.error().message;
  const Timeline::Plan plan =
      timeline_plan(*made, {"a.onnx", "b.onnx", "c.onnx"}, {"tablet", "phone"});
  ASSERT_THAT(plan.stages, SizeIs(3));
  EXPECT_EQ(plan.stages[0].device, 1u);
  EXPECT_THAT(plan.stages[0].readers, ElementsAre(2u));
  EXPECT_THAT(plan.stages[1].readers, ElementsAre(2u));
  EXPECT_THAT(plan.stages[2].readers, IsEmpty());
}

}  // namespace
}  // namespace convoy::runtime
