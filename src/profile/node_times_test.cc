#include "profile/node_times.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace convoy::profile {
namespace {

using engine::NodeTiming;
using engine::ProfilerLog;

std::vector<Seconds> milliseconds(const std::vector<double>& times) {
  std::vector<Seconds> seconds;
  for (const double time : times) seconds.emplace_back(time / 1000);
  return seconds;
}

NodeTiming node(std::string name, const std::vector<double>& times_ms) {
  return {.node = std::move(name), .op = "Op", .runs = milliseconds(times_ms), .outputs = {}};
}

ProfilerLog log_of(std::vector<NodeTiming> nodes) {
  return {.runs = {}, .calls = {}, .nodes = std::move(nodes)};
}

WholeRun run(double wall_ms, double cpu_ms, int threads = 1) {
  return {.wall = Seconds(wall_ms / 1000), .cpu = Seconds(cpu_ms / 1000), .threads = threads};
}

TEST(NodeTimes, SumToTheWallTimeOfARunWithoutTheCall) {
  const auto times = node_times(log_of({node("a", {2, 2, 2, 2}), node("b", {6, 6, 6, 6})}),
                                run(10, 10), Seconds(0.002));
  EXPECT_NEAR(times.at("a").count(), 0.002, 1e-12);
  EXPECT_NEAR(times.at("b").count(), 0.006, 1e-12);
}

TEST(NodeTimes, IgnoreTheRunsThatOthersDisturbed) {
  const auto times = node_times(log_of({node("a", {2, 2, 9, 90}), node("b", {2, 70, 2, 2})}),
                                run(4, 4), Seconds(0));
  EXPECT_NEAR(times.at("a").count(), 0.002, 1e-12);
  EXPECT_NEAR(times.at("b").count(), 0.002, 1e-12);
}

// Half a core with a period of 10 ms: 5 ms of work, then a pause of 5 ms. Short nodes escape the
// pause in some runs, and how they compare is known from those.
TEST(NodeTimes, OfShortNodesAreFreeOfPauses) {
  const auto times = node_times(
      log_of({node("a", {1, 1, 6, 1}), node("b", {3, 8, 3, 3})}), run(8, 4), Seconds(0));
  EXPECT_NEAR(times.at("a").count(), 0.002, 1e-12);
  EXPECT_NEAR(times.at("b").count(), 0.006, 1e-12);
}

// Nodes of 10 and 30 ms never escape it: their means, 20 and 60 ms, still compare as they should.
TEST(NodeTimes, OfLongNodesCountTheirPauses) {
  const auto times = node_times(
      log_of({node("a", {15, 25, 20, 20}), node("b", {60, 55, 65, 60})}), run(80, 40), Seconds(0));
  EXPECT_NEAR(times.at("a").count(), 0.020, 1e-12);
  EXPECT_NEAR(times.at("b").count(), 0.060, 1e-12);
}

TEST(NodeTimes, AreAlikeBelowTheResolutionOfTheProfiler) {
  const auto times =
      node_times(log_of({node("a", {0, 0}), node("b", {0, 0})}), run(0.004, 0.004), Seconds(0));
  EXPECT_NEAR(times.at("a").count(), 2e-6, 1e-15);
  EXPECT_NEAR(times.at("b").count(), 2e-6, 1e-15);
}

TEST(NodeTimes, AreNeverNegative) {
  const auto times = node_times(log_of({node("a", {1})}), run(1, 1), Seconds(0.002));
  EXPECT_EQ(times.at("a").count(), 0);
}

TEST(NodeTimes, OfATraceAreScaledToTheRun) {
  std::istringstream trace(R"json([
    {"cat":"Node","dur":30,"ts":10,"name":"conv_kernel_time",
     "args":{"op_name":"Conv","output_size":"4","output_type_shape":[{"float":[1]}]}},
    {"cat":"Node","dur":10,"ts":41,"name":"relu_kernel_time",
     "args":{"op_name":"Relu","output_size":"4","output_type_shape":[{"float":[1]}]}},
    {"cat":"Session","dur":60,"ts":5,"name":"SequentialExecutor::Execute","args":{}},
    {"cat":"Session","dur":80,"ts":1,"name":"model_run","args":{}}])json");
  const auto log = engine::parse_profiler_log(trace);
  ASSERT_TRUE(log) << log.error().message;
  const auto times = node_times(*log, run(0.060, 0.060), log->calls[0]);
  EXPECT_NEAR(times.at("conv").count(), 30e-6, 1e-12) << "3/4 of 60 us less the call's 20 us";
  EXPECT_NEAR(times.at("relu").count(), 10e-6, 1e-12);
}

}  // namespace
}  // namespace convoy::profile
