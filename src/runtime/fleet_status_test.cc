#include "runtime/fleet_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace convoy::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

FleetStatus two_devices() {
  FleetStatus status{.name = "coordinator", .up = Seconds(12.5), .epoch = 2, .plan = 1};
  status.requests = FleetStatus::Requests{.answered = 3, .failed = 1, .in_flight = 4, .dropped = 2};
  for (const double latency_s : {0.004, 0.005, 120.0}) {
    status.requests->latency.add(Seconds(latency_s));
  }
  status.stages = {{.number = 1,
                    .device = "phone",
                    .file = "sub_model_1.onnx",
                    .requests = 3,
                    .busy = Seconds(0.25),
                    .queue = 2}};
  status.links = {{.from = "phone", .to = "coordinator", .sent = Bytes(4000)}};
  status.devices = {{.name = "phone",
                     .here = true,
                     .memory = Bytes(1000),
                     .peak_memory = Bytes(2000),
                     .cpu = Seconds(1.5),
                     .temperature_c = 41.5,
                     .dropped = 7},
                    {.name = "a \"tablet\"", .trouble = "it does not answer any more"}};
  status.losses = {{.device = "a \"tablet\"",
                    .what = "it does not answer any more",
                    .detected = Seconds(3),
                    .resumed = Seconds(3.5),
                    .plan = 1}};
  return status;
}

TEST(FleetStatus, SpeaksPrometheus) {
  const std::string text = to_prometheus(two_devices());
  for (const char* const line :
       {"# HELP convoy_requests_answered_total Requests that were answered.\n"
        "# TYPE convoy_requests_answered_total counter\nconvoy_requests_answered_total 3\n",
        "convoy_requests_failed_total 1\n", "convoy_requests_in_flight 4\n",
        "convoy_dropped_messages_total 2\n", "# TYPE convoy_request_latency_seconds histogram\n",
        // Buckets count what is not above their end, and all below them.
        "convoy_request_latency_seconds_bucket{le=\"0.0025\"} 0\n"
        "convoy_request_latency_seconds_bucket{le=\"0.005\"} 2\n",
        "convoy_request_latency_seconds_bucket{le=\"60\"} 2\n"
        "convoy_request_latency_seconds_bucket{le=\"+Inf\"} 3\n"
        "convoy_request_latency_seconds_sum 120.009\nconvoy_request_latency_seconds_count 3\n",
        "convoy_plan 2\n", "convoy_epoch 2\n",
        "convoy_stage_busy_seconds_total{stage=\"1\",device=\"phone\",part=\"sub_model_1.onnx\"}"
        " 0.25\n",
        "convoy_stage_queue{stage=\"1\",device=\"phone\",part=\"sub_model_1.onnx\"} 2\n",
        "convoy_link_sent_bytes_total{from=\"phone\",to=\"coordinator\"} 4000\n",
        "convoy_device_up{device=\"phone\"} 1\nconvoy_device_up{device=\"a \\\"tablet\\\"\"} 0\n",
        "convoy_device_temperature_celsius{device=\"phone\"} 41.5\n", "convoy_losses_total 1\n",
        "convoy_recovery_seconds_sum 0.5\nconvoy_recovery_seconds_count 1\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  // What is not known is left out.
  EXPECT_THAT(text, Not(HasSubstr("convoy_device_cpu_seconds_total{device=\"a")));
  EXPECT_THAT(text, Not(HasSubstr("per_second")));
}

TEST(FleetStatus, APlanThatCannotRunIsNoLossOfADevice) {
  FleetStatus status = two_devices();
  status.losses.push_back(
      {.device = "", .what = "no memory", .detected = Seconds(7), .resumed = Seconds(9)});
  const std::string text = to_prometheus(status);
  EXPECT_THAT(text, HasSubstr("convoy_losses_total 1\n"));
  EXPECT_THAT(text, HasSubstr("convoy_recovery_seconds_sum 0.5\nconvoy_recovery_seconds_count 1\n"));
}

TEST(FleetStatus, ComesBackFromItsJson) {
  const FleetStatus status = two_devices();
  const auto back = status_from_json(to_json(status).dump(), "here");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->requests, status.requests);
  EXPECT_EQ(back->stages, status.stages);
  EXPECT_EQ(back->links, status.links);
  EXPECT_EQ(back->devices, status.devices);
  EXPECT_EQ(to_json(*back), to_json(status));
}

TEST(FleetStatus, SaysWhatIsWrongWithJson) {
  const auto none = status_from_json("[]", "host:9100");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "host:9100: \"name\" is missing");
  nlohmann::json json = to_json(two_devices());
  json["requests"]["latency_buckets"].erase(0);
  EXPECT_EQ(status_from_json(json.dump(), "x").error().message,
            "x: \"latency_buckets\" are 15, not 16");
}

TEST(FleetStatus, RatesAreOverTheTimeBetween) {
  FleetStatus before = two_devices();
  FleetStatus now = two_devices();
  now.up = before.up + Seconds(4);
  now.requests->answered += 20;
  now.links[0].sent += Bytes(8000);
  add_rates(now, before);
  EXPECT_EQ(now.requests->per_second, 5);
  EXPECT_EQ(now.links[0].rate, BytesPerSecond(2000));
  // Devices count anew in each epoch.
  before.epoch = 1;
  FleetStatus later = two_devices();
  later.up = now.up;
  add_rates(later, before);
  EXPECT_EQ(later.links[0].rate, std::nullopt);
}

}  // namespace
}  // namespace convoy::runtime
