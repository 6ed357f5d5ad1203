// What convoy measures itself: the builtin metrics.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/figure.h"
#include "bench/run_record.h"
#include "convoy/plugin.h"
#include "fleet/fleet.h"

namespace convoy::bench {

// Everything that a metric looks at, per test case.
struct Evidence {
  std::vector<Sample> samples;             // the test set, once
  std::vector<std::string> predictions;    // of all samples that ran, the test set again and again
  std::vector<std::string> whole;          // the whole model's predictions of the test set
  std::string no_whole;                    // why there are none
  std::string weights;                     // the model's own word on its weights; "random ..." here
  RunRecord record;
  fleet::Fleet fleet;
  std::optional<std::size_t> warm_up;      // answers that do not count; none: a tenth
};

[[nodiscard]] const std::vector<std::string>& builtin_metrics();

// All of them, in that order. A figure that cannot be had says why.
[[nodiscard]] std::vector<Figure> measure(const Evidence& evidence);

// The time between two answers of the full pipeline; nothing when too few came.
[[nodiscard]] std::optional<Seconds> measured_period(const Evidence& evidence);

// The value below which a share of the values lies (nearest rank). Only where at least ten values
// lie beyond it: else it would be chance.
[[nodiscard]] std::optional<double> percentile(std::vector<double> values, double share);

// The most that all devices together draw during 100 ms, each between idle and busy by how much of
// that time it computed. Nothing when a device has no power figures.
[[nodiscard]] std::optional<Watts> peak_power(const RunRecord& record, const fleet::Fleet& fleet);

}  // namespace convoy::bench
