// What is known of a running fleet: for Prometheus, for `convoy status`, for programs.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"
#include "runtime/recovery.h"

namespace convoy::runtime {

// How many requests took how long.
struct LatencyHistogram {
  // Upper ends of the buckets; one more is for all that took longer.
  static constexpr std::array<double, 15> kBounds_s = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                                       0.05,  0.1,    0.25,  0.5,  1,
                                                       2.5,   5,      10,    30,   60};
  std::array<std::uint64_t, kBounds_s.size() + 1> counts{};
  Seconds sum{0};

  void add(Seconds latency);
  friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;
};

// As the coordinator sees it, or one worker of itself. Counts are measured.
struct FleetStatus {
  struct Requests {
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t dropped = 0;         // messages: malformed, or of an epoch that is over
    std::optional<double> per_second;  // over the last ten seconds at most
    LatencyHistogram latency;          // of those answered
    friend bool operator==(const Requests&, const Requests&) = default;
  };
  // Of the plan in force, since it is.
  struct Stage {
    std::size_t number = 0;
    std::string device;
    std::string file;  // "": a worker does not know it
    std::uint64_t requests = 0;
    Seconds busy{0};
    std::uint64_t queue = 0;  // requests whose inputs are there and whose outputs are not
    friend bool operator==(const Stage&, const Stage&) = default;
  };
  // What devices sent as Stage, tensors alone; what the coordinator sent since it began, with headers.
  struct Link {
    std::string from;
    std::string to;
    Bytes sent{0};
    std::optional<BytesPerSecond> rate;  // over the last ten seconds at most
    friend bool operator==(const Link&, const Link&) = default;
  };
  struct Device {
    std::string name;
    bool here = false;
    std::string trouble;  // why it is not
    // Of the worker process; nothing while it is away or has not said it yet.
    std::optional<Bytes> memory;
    std::optional<Bytes> peak_memory;
    std::optional<Seconds> cpu;
    std::optional<double> temperature_c;  // of the machine's warmest zone
    std::uint64_t dropped = 0;            // messages, in this epoch
    friend bool operator==(const Device&, const Device&) = default;
  };

  std::string name;     // "coordinator", or the worker's
  Seconds up{0};        // since it began
  std::uint32_t epoch = 0;            // count_of_epoch()
  std::optional<std::size_t> plan;    // in force; 0: the first
  std::optional<Requests> requests;   // a worker does not know them
  std::vector<Stage> stages;
  std::vector<Link> links;
  std::vector<Device> devices;
  std::vector<Recovery> losses;
};

// Rates of `now`, from what it counts and what `before` counted; where both are of one epoch.
void add_rates(FleetStatus& now, const FleetStatus& before);

// Members as above, quantities with their unit: "busy_s", "memory_bytes". What is not known is null.
[[nodiscard]] nlohmann::json to_json(const FleetStatus& status);
// What to_json() made; `place` is named in errors.
[[nodiscard]] Result<FleetStatus> status_from_json(const std::string& text,
                                                   const std::string& place);

// The text format of Prometheus, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
[[nodiscard]] std::string to_prometheus(const FleetStatus& status);

}  // namespace convoy::runtime
