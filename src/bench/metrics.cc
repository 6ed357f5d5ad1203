#include "bench/metrics.h"

#include <algorithm>
#include <cmath>

namespace convoy::bench {
namespace {

constexpr std::size_t kFewestAnswers = 10;  // that a speed is computed from
constexpr Seconds kPowerWindow{0.1};

// The answers that count for speed: those behind `first`, the last of the warm-up.
struct Steady {
  std::size_t first = 0;
  std::size_t answers = 0;
  std::size_t items = 0;
  Seconds time{0};
};
std::optional<Steady> steady(const Evidence& evidence) {
  const std::vector<Arrival>& arrivals = evidence.record.arrivals;
  const std::size_t warm_up =
      std::max<std::size_t>(1, evidence.warm_up.value_or(arrivals.size() / 10));
  if (arrivals.size() < warm_up + kFewestAnswers) return std::nullopt;
  Steady part{.first = warm_up - 1, .answers = arrivals.size() - warm_up};
  for (std::size_t i = warm_up; i < arrivals.size(); ++i) part.items += arrivals[i].items;
  part.time = arrivals.back().at - arrivals[part.first].at;
  return part.time > Seconds(0) ? std::optional(part) : std::nullopt;
}

std::string too_few(const Evidence& evidence) {
  return fmt::format("{} answers are too few: {} behind the warm-up are needed",
                     evidence.record.arrivals.size(), kFewestAnswers);
}

FigureSource source_of_run(const Evidence& evidence) {
  const bool emulated = std::ranges::any_of(
      evidence.fleet.devices, [](const fleet::Device& device) { return device.address.empty(); });
  return emulated ? FigureSource::emulated : FigureSource::measured;
}

Figure share_of_equal(const std::string& name, const std::vector<std::string>& predictions,
                      const std::vector<std::string>& expected) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    equal += predictions[i] == expected[i % expected.size()] ? 1 : 0;
  }
  return {.name = name,
          .value = static_cast<double>(equal) / static_cast<double>(predictions.size()),
          .unit = Unit::share,
          .source = FigureSource::measured,
          .note = fmt::format("{} of {}", equal, predictions.size())};
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Figure accuracy(const Evidence& evidence) {
  if (evidence.weights.starts_with("random")) return not_measured("accuracy", "random weights");
  std::vector<std::string> labels;
  for (const Sample& sample : evidence.samples) labels.push_back(sample.label);
  if (labels.empty() || labels.front().empty()) {
    return not_measured("accuracy", "the test set has no labels");
  }
  // A base model that answers with class numbers can only be right where the labels are some, too.
  if (std::ranges::all_of(evidence.predictions, is_number)) {
    if (const auto word = std::ranges::find_if_not(labels, is_number); word != labels.end()) {
      return not_measured("accuracy", fmt::format("the label \"{}\" is no class number", *word));
    }
  }
  if (evidence.predictions.size() < labels.size()) return not_measured("accuracy", "no predictions");
  const auto end = evidence.predictions.begin() + static_cast<std::ptrdiff_t>(labels.size());
  return share_of_equal("accuracy", {evidence.predictions.begin(), end}, labels);
}

Figure agreement(const Evidence& evidence) {
  if (evidence.whole.empty()) return not_measured("agreement", evidence.no_whole);
  if (evidence.predictions.empty()) return not_measured("agreement", "no predictions");
  return share_of_equal("agreement", evidence.predictions, evidence.whole);
}

Figure fps(const Evidence& evidence) {
  const auto part = steady(evidence);
  if (!part) return not_measured("fps", too_few(evidence));
  return {.name = "fps",
          .value = static_cast<double>(part->items) / part->time.count(),
          .unit = Unit::per_second,
          .source = source_of_run(evidence),
          .note = fmt::format("{} answers behind {} of warm-up", part->answers, part->first + 1)};
}

Figure latency(const std::string& name, const Evidence& evidence, double share) {
  const auto part = steady(evidence);
  std::vector<double> values;
  if (part) {
    for (std::size_t i = part->first + 1; i < evidence.record.arrivals.size(); ++i) {
      values.push_back(evidence.record.arrivals[i].latency.count());
    }
  }
  const std::size_t count = values.size();
  const auto value = percentile(std::move(values), share);
  if (!value) {
    return not_measured(name, fmt::format("{} answers are too few: {:.0f} are needed", count,
                                          std::ceil(10 / (1 - share) - 1e-9)));
  }
  return {.name = name,
          .value = *value,
          .unit = Unit::seconds,
          .source = source_of_run(evidence),
          .note = fmt::format("with {} requests at once", evidence.record.in_flight)};
}

Figure peak_memory(const Evidence& evidence) {
  const runtime::StageReport* largest = nullptr;
  for (const runtime::StageReport& stage : evidence.record.stages) {
    if (largest == nullptr || stage.peak_memory > largest->peak_memory) largest = &stage;
  }
  if (largest == nullptr || largest->peak_memory == Bytes(0)) {
    return not_measured("peak_memory", "no device reported it");
  }
  return {.name = "peak_memory",
          .value = static_cast<double>(largest->peak_memory.value()),
          .unit = Unit::bytes,
          .source = FigureSource::measured,
          .note = fmt::format("resident memory of the process of {}, the largest",
                              largest->device)};
}

Figure power(const Evidence& evidence) {
  if (evidence.record.busy.empty()) return not_measured("peak_power", "nothing ran");
  const auto watts = peak_power(evidence.record, evidence.fleet);
  if (!watts) return not_measured("peak_power", "the devices file gives no power for some device");
  return {.name = "peak_power",
          .value = watts->value(),
          .unit = Unit::watts,
          .source = FigureSource::modelled,
          .note = "all devices together, of their idle and busy watts and when they computed"};
}

Figure bytes_between(const Evidence& evidence) {
  const char* name = "bytes_between_devices";
  if (evidence.record.stages.empty() || evidence.record.arrivals.empty()) {
    return not_measured(name, "nothing ran");
  }
  Bytes sent{0};
  for (const runtime::StageReport& stage : evidence.record.stages) sent += stage.sent;
  return {.name = name,
          .value = static_cast<double>(sent.value()) /
                   static_cast<double>(evidence.record.arrivals.size()),
          .unit = Unit::bytes,
          .source = FigureSource::measured,
          .note = "per request"};
}

Figure prediction_error(const Evidence& evidence) {
  const char* name = "prediction_error";
  if (!evidence.record.plan) return not_measured(name, "convoy did not plan these sub-models");
  const auto measured = measured_period(evidence);
  if (!measured) return not_measured(name, too_few(evidence));
  const Seconds predicted = evidence.record.plan->period;
  if (predicted <= Seconds(0)) return not_measured(name, "the plan predicts no time");
  return {.name = name,
          .value = std::abs(*measured / predicted - 1),
          .unit = Unit::share,
          .source = source_of_run(evidence),
          .note = fmt::format("period {} predicted, {} {}", convoy::to_text(predicted),
                              convoy::to_text(*measured), name_of(source_of_run(evidence)))};
}

}  // namespace

const std::vector<std::string>& builtin_metrics() {
  static const std::vector<std::string> names = {
      "accuracy",    "agreement",  "fps",        "latency_p50",           "latency_p90",
      "peak_memory", "peak_power", "bytes_between_devices", "prediction_error"};
  return names;
}

std::vector<Figure> measure(const Evidence& evidence) {
  return {accuracy(evidence),
          agreement(evidence),
          fps(evidence),
          latency("latency_p50", evidence, 0.5),
          latency("latency_p90", evidence, 0.9),
          peak_memory(evidence),
          power(evidence),
          bytes_between(evidence),
          prediction_error(evidence)};
}

std::optional<Seconds> measured_period(const Evidence& evidence) {
  return steady(evidence).transform(
      [](const Steady& part) { return part.time / static_cast<double>(part.answers); });
}

std::optional<double> percentile(std::vector<double> values, double share) {
  const auto count = static_cast<double>(values.size());
  if (count * (1 - share) < 10 - 1e-9) return std::nullopt;
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(share * count - 1e-9)) - 1;
  const auto nth = values.begin() + std::max<std::ptrdiff_t>(rank, 0);
  std::ranges::nth_element(values, nth);
  return *nth;
}

std::optional<Watts> peak_power(const RunRecord& record, const fleet::Fleet& fleet) {
  Watts idle{0};
  for (const fleet::Device& device : fleet.devices) {
    if (!device.power) return std::nullopt;
    idle += device.power->idle;
  }
  if (record.busy.empty() || !record.map) return idle;
  const double window = kPowerWindow.count();
  const double begin = std::ranges::min(record.busy, {}, &runtime::BusyInterval::start_s).start_s;
  const double end = std::ranges::max(record.busy, {}, &runtime::BusyInterval::end_s).end_s;
  std::vector<double> watts(static_cast<std::size_t>((end - begin) / window) + 1, idle.value());
  for (const runtime::BusyInterval& busy : record.busy) {
    const auto device = fleet.find(record.map->sub_models[busy.stage].device);
    if (!device) continue;
    const fleet::Power& power = *fleet.devices[*device].power;
    for (std::size_t i = static_cast<std::size_t>((busy.start_s - begin) / window);
         i < watts.size() && begin + static_cast<double>(i) * window < busy.end_s; ++i) {
      const double from = std::max(busy.start_s, begin + static_cast<double>(i) * window);
      const double to = std::min(busy.end_s, begin + static_cast<double>(i + 1) * window);
      watts[i] += (power.busy - power.idle).value() * std::max(0.0, to - from) / window;
    }
  }
  return Watts(std::ranges::max(watts));
}

}  // namespace convoy::bench
