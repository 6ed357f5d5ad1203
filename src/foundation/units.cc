#include "foundation/units.h"

#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <vector>

namespace convoy {
namespace {

struct Unit {
  std::string_view name;
  double factor;  // in the base unit of its kind
};

constexpr std::array kByteUnits = {
    Unit{"B", 1},           Unit{"kB", 1e3},           Unit{"KB", 1e3},
    Unit{"MB", 1e6},        Unit{"GB", 1e9},           Unit{"KiB", 1024},
    Unit{"MiB", 1048576.0}, Unit{"GiB", 1073741824.0},
};
constexpr std::array kBandwidthUnits = {
    Unit{"bit/s", 1 / 8.0},    Unit{"kbit/s", 1e3 / 8}, Unit{"Mbit/s", 1e6 / 8},
    Unit{"Gbit/s", 1e9 / 8},   Unit{"kbps", 1e3 / 8},   Unit{"Mbps", 1e6 / 8},
    Unit{"Gbps", 1e9 / 8},     Unit{"B/s", 1},          Unit{"kB/s", 1e3},
    Unit{"MB/s", 1e6},         Unit{"GB/s", 1e9},
};
constexpr std::array kTimeUnits = {
    Unit{"s", 1}, Unit{"ms", 1e-3}, Unit{"us", 1e-6}, Unit{"min", 60}, Unit{"h", 3600},
};
constexpr std::array kPowerUnits = {Unit{"W", 1}, Unit{"mW", 1e-3}};
constexpr std::array kFrequencyUnits = {
    Unit{"Hz", 1}, Unit{"kHz", 1e3}, Unit{"MHz", 1e6}, Unit{"GHz", 1e9}};
constexpr std::array kFlopsUnits = {
    Unit{"FLOP/s", 1},      Unit{"MFLOP/s", 1e6},  Unit{"GFLOP/s", 1e9},
    Unit{"TFLOP/s", 1e12},  Unit{"MFLOPS", 1e6},   Unit{"GFLOPS", 1e9},
    Unit{"TFLOPS", 1e12},
};

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string names_of(std::span<const Unit> units) {
  std::vector<std::string_view> names;
  for (const Unit& unit : units) names.push_back(unit.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

Result<double> parse(std::string_view text, std::string_view bare, std::span<const Unit> units) {
  const std::string_view trimmed = trim(text);
  double number = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [stop, problem] = std::from_chars(trimmed.data(), end, number);
  if (problem != std::errc() || !std::isfinite(number)) {
    return fail(ErrorKind::input, "\"{}\" is not a number with a unit, such as \"{} {}\"", text,
                100, bare);
  }
  if (number < 0) return fail(ErrorKind::input, "\"{}\" is negative", text);
  std::string_view unit_name = trim(std::string_view(stop, end));
  if (unit_name.empty()) unit_name = bare;
  for (const Unit& unit : units) {
    if (unit.name == unit_name) return number * unit.factor;
  }
  return fail(ErrorKind::input, "\"{}\" has the unit \"{}\", which does not fit here; known: {}",
              text, unit_name, names_of(units));
}

template <class Q>
Result<Q> parse_as(std::string_view text, std::string_view bare, std::span<const Unit> units) {
  return parse(text, bare, units).and_then([&](double value) -> Result<Q> {
    if constexpr (std::is_integral_v<typename Q::rep>) {
      if (value >= 9.2e18) return fail(ErrorKind::input, "\"{}\" is too large", text);
      return Q(static_cast<typename Q::rep>(std::llround(value)));
    } else {
      return Q(value);
    }
  });
}

// `value` in the largest of `units` (ascending) that leaves at least 1, three significant digits.
std::string scaled(double value, std::span<const Unit> units) {
  // Rounded first, as 999.9 kB are 1.00 MB; a hair more, as powers of ten are not exact.
  const double step = value == 0 ? 1 : std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
  const double rounded = std::round(value / step) * step * (1 + 1e-12);
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (std::abs(rounded) >= unit.factor) best = &unit;
  }
  const double shown = rounded / best->factor;
  const double magnitude = std::abs(shown);
  const int decimals = magnitude >= 100 || magnitude == 0 ? 0 : magnitude >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", shown, decimals, best->name);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text, std::string_view bare) {
  return parse_as<Bytes>(text, bare, kByteUnits);
}
Result<BytesPerSecond> parse_bandwidth(std::string_view text, std::string_view bare) {
  return parse_as<BytesPerSecond>(text, bare, kBandwidthUnits);
}
Result<Seconds> parse_duration(std::string_view text, std::string_view bare) {
  return parse(text, bare, kTimeUnits).transform([](double s) { return Seconds(s); });
}
Result<Watts> parse_power(std::string_view text, std::string_view bare) {
  return parse_as<Watts>(text, bare, kPowerUnits);
}
Result<Hertz> parse_frequency(std::string_view text, std::string_view bare) {
  return parse_as<Hertz>(text, bare, kFrequencyUnits);
}
Result<FlopsPerSecond> parse_flops(std::string_view text, std::string_view bare) {
  return parse_as<FlopsPerSecond>(text, bare, kFlopsUnits);
}

std::string to_text(Bytes bytes) {
  static constexpr std::array units = {Unit{"B", 1}, Unit{"kB", 1e3}, Unit{"MB", 1e6},
                                       Unit{"GB", 1e9}};
  if (std::abs(bytes.value()) < 1000) return fmt::format("{} B", bytes.value());
  return scaled(static_cast<double>(bytes.value()), units);
}

std::string to_text(BytesPerSecond rate) {
  static constexpr std::array units = {Unit{"bit/s", 1}, Unit{"kbit/s", 1e3}, Unit{"Mbit/s", 1e6},
                                       Unit{"Gbit/s", 1e9}};
  return scaled(rate.value() * 8, units);
}

std::string to_text(Seconds time) {
  static constexpr std::array units = {Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1}};
  return scaled(time.count(), units);
}

std::string to_text(Watts power) {
  static constexpr std::array units = {Unit{"mW", 1e-3}, Unit{"W", 1}};
  return scaled(power.value(), units);
}

std::string to_text(Joules energy) {
  static constexpr std::array units = {Unit{"mJ", 1e-3}, Unit{"J", 1}};
  return scaled(energy.value(), units);
}

}  // namespace convoy
