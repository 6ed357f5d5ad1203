#include "bench/metrics.h"

#include <gmock/gmock.h>

namespace convoy::bench {
namespace {

using testing::HasSubstr;

// A run of 40 requests, one every 10 ms but for a slow start, on two devices.
Evidence evidence() {
  Evidence seen;
  seen.samples = {{"a.jpg", "1"}, {"b.jpg", "2"}};
  seen.whole = {"1", "7"};
  for (int i = 0; i < 40; ++i) {
    seen.predictions.push_back(i % 2 == 0 ? "1" : "7");
    seen.record.arrivals.push_back(
        {.at = Seconds(1 + 0.01 * i + (i < 4 ? 0.0 : 0.5)), .latency = Seconds(0.001 * i)});
  }
  seen.record.in_flight = 6;
  seen.record.stages = {{.device = "x", .sent = Bytes(4000), .peak_memory = Bytes(50)},
                        {.device = "y", .sent = Bytes(0), .peak_memory = Bytes(70)}};
  seen.record.plan = RunPlan{.period = Seconds(0.008)};
  seen.record.map = onnx::SplitMap{.sub_models = {{.device = "x"}, {.device = "y"}}};
  seen.fleet.devices.push_back({.name = "x", .power = fleet::Power{Watts(1), Watts(3)}});
  seen.fleet.devices.push_back({.name = "y", .power = fleet::Power{Watts(2), Watts(10)}});
  seen.warm_up = 5;
  return seen;
}

Figure figure(const Evidence& seen, const std::string& name) {
  const std::vector<Figure> figures = measure(seen);
  return find(figures, name) != nullptr ? *find(figures, name) : Figure{};
}

TEST(Metrics, AllBuiltinOnesAreMeasuredInTheirOrder) {
  std::vector<std::string> names;
  for (const Figure& one : measure(evidence())) names.push_back(one.name);
  EXPECT_EQ(names, builtin_metrics());
}

TEST(Metrics, AccuracyCountsTheTestSetOnceAndAgreementAllAnswers) {
  Evidence seen = evidence();
  EXPECT_EQ(figure(seen, "accuracy").value, 0.5);
  EXPECT_EQ(figure(seen, "agreement").value, 1.0);
  seen.predictions[39] = "8";
  EXPECT_EQ(figure(seen, "agreement").value, 39.0 / 40);
}

TEST(Metrics, WhatCannotBeKnownIsNotMeasuredAndSaysWhy) {
  Evidence seen = evidence();
  seen.weights = "random, seed 1";
  EXPECT_EQ(figure(seen, "accuracy"), not_measured("accuracy", "random weights"));
  seen = evidence();
  for (Sample& sample : seen.samples) sample.label = "";
  EXPECT_EQ(figure(seen, "accuracy"), not_measured("accuracy", "the test set has no labels"));
  seen.samples.back().label = "tabby";
  for (std::size_t i = 0; i + 1 < seen.samples.size(); ++i) seen.samples[i].label = "7";
  EXPECT_EQ(figure(seen, "accuracy"),
            not_measured("accuracy", "the label \"tabby\" is no class number"));
  seen.whole.clear();
  seen.no_whole = "no model";
  EXPECT_EQ(figure(seen, "agreement"), not_measured("agreement", "no model"));
  seen.record.arrivals.resize(14);
  EXPECT_THAT(figure(seen, "fps").note, HasSubstr("14 answers are too few"));
  EXPECT_FALSE(figure(seen, "fps").value);
  seen.record.stages.clear();
  EXPECT_FALSE(figure(seen, "peak_memory").value);
  EXPECT_FALSE(figure(seen, "bytes_between_devices").value);
  seen.fleet.devices[DeviceId(1)].power.reset();
  EXPECT_FALSE(figure(seen, "peak_power").value);
  seen.record.plan.reset();
  EXPECT_FALSE(figure(seen, "prediction_error").value);
}

TEST(Metrics, SpeedCountsFromTheEndOfTheWarmUp) {
  const Figure fps = figure(evidence(), "fps");
  EXPECT_NEAR(*fps.value, 100, 1e-9);  // the pause lies in the warm-up
  EXPECT_EQ(fps.source, FigureSource::emulated);
  EXPECT_NEAR(measured_period(evidence())->count(), 0.01, 1e-12);
  EXPECT_NEAR(*figure(evidence(), "prediction_error").value, 0.25, 1e-9);
  Evidence batches = evidence();
  for (Arrival& arrival : batches.record.arrivals) arrival.items = 4;
  EXPECT_NEAR(*figure(batches, "fps").value, 400, 1e-9);
  EXPECT_NEAR(measured_period(batches)->count(), 0.01, 1e-12);
}

TEST(Metrics, RealDevicesAreMeasuredNotEmulated) {
  Evidence seen = evidence();
  for (fleet::Device& device : seen.fleet.devices) device.address = "tcp://10.0.0.1:7000";
  EXPECT_EQ(figure(seen, "fps").source, FigureSource::measured);
}

TEST(Metrics, APercentileNeedsTenValuesBeyondIt) {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  EXPECT_EQ(percentile(values, 0.5), 50);
  EXPECT_EQ(percentile(values, 0.9), 90);
  values.pop_back();
  EXPECT_EQ(percentile(values, 0.9), std::nullopt);
  EXPECT_TRUE(percentile(values, 0.5));
  EXPECT_THAT(figure(evidence(), "latency_p90").note, HasSubstr("35 answers are too few: 100 are"));
  EXPECT_NEAR(*figure(evidence(), "latency_p50").value, 0.022, 1e-9);  // of 5 ms ... 39 ms
}

TEST(Metrics, MemoryIsThatOfTheLargestDeviceAndTrafficIsPerRequest) {
  EXPECT_EQ(figure(evidence(), "peak_memory").value, 70);
  EXPECT_THAT(figure(evidence(), "peak_memory").note, HasSubstr("of y"));
  EXPECT_EQ(figure(evidence(), "bytes_between_devices").value, 100);
}

TEST(Metrics, PowerIsTheWorstTenthOfASecondOfAllDevicesTogether) {
  Evidence seen = evidence();
  // First 100 ms: x busy for 50. Second: x busy for 100, y for 25.
  seen.record.busy = {{.stage = 0, .start_s = 2.0, .end_s = 2.05},
                      {.stage = 0, .start_s = 2.1, .end_s = 2.2},
                      {.stage = 1, .start_s = 2.15, .end_s = 2.175}};
  EXPECT_NEAR(peak_power(seen.record, seen.fleet)->value(), 3 + 2 * 1.0 + 8 * 0.25, 1e-9);
  EXPECT_EQ(figure(seen, "peak_power").source, FigureSource::modelled);
}

}  // namespace
}  // namespace convoy::bench
