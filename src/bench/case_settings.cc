#include "bench/case_settings.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "foundation/suggest.h"

namespace convoy::bench {
namespace {

constexpr std::array kPartitionings = {Partitioning::none,      Partitioning::points,
                                       Partitioning::memory,    Partitioning::chain,
                                       Partitioning::automatic, Partitioning::solver};
constexpr std::size_t kMostRequests = 100'000'000;

std::string place_of(const Algorithm& algorithm, const std::string& name) {
  const auto& grid = algorithm.modules.front().hyperparameters;
  const auto found = std::ranges::find(grid, name, &Hyperparameter::name);
  return found == grid.end() ? algorithm.file.string() : found->place;
}

Result<Partitioning> parse_partitioning(const std::string& text) {
  std::vector<std::string> names;
  for (const Partitioning partitioning : kPartitionings) {
    if (name_of(partitioning) == text) return partitioning;
    names.emplace_back(name_of(partitioning));
  }
  return fail(ErrorKind::input, "\"{}\" is no way to partition{}", text, suggest(text, names));
}

Result<std::size_t> parse_count(const std::string& text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end || number > kMostRequests) {
    return fail(ErrorKind::input, "\"{}\" is not a whole number from 0 to {}", text, kMostRequests);
  }
  return number;
}

Result<onnx::CutMode> parse_mode(const std::string& text) {
  if (text == "exact") return onnx::CutMode::exact;
  if (text == "fast") return onnx::CutMode::fast;
  return fail(ErrorKind::input, "mode is \"exact\" or \"fast\", not \"{}\"", text);
}

}  // namespace

std::string_view name_of(Partitioning partitioning) {
  switch (partitioning) {
    case Partitioning::none: return "none";
    case Partitioning::points: return "points";
    case Partitioning::memory: return "memory";
    case Partitioning::chain: return "chain";
    case Partitioning::automatic: return "auto";
    case Partitioning::solver:
      return "solver";
  }
  return "";
}

const std::vector<std::string>& runtime_hyperparameters() {
  static const std::vector<std::string> names = {"partition", "device",   "mode",   "level",
                                                 "in_flight", "requests", "warm_up"};
  return names;
}

Result<CaseSettings> settings_of(const Algorithm& algorithm, const TestCase& test,
                                 const fleet::DevicesFile& devices) {
  const bool has_points = !devices.points.empty();
  CaseSettings settings;
  settings.partitioning = has_points ? Partitioning::points : Partitioning::automatic;
  if (algorithm.solver) settings.partitioning = Partitioning::solver;
  // Sets `target` from the hyperparameter of that name, if the case has it.
  const auto set = [&](const std::string& name, auto parse, auto& target) -> Result<void> {
    const auto text = test.parameter(name);
    if (!text) return {};
    auto value = parse(*text);
    if (!value) return within(place_of(algorithm, name), value.error());
    target = *value;
    return {};
  };
  const auto known_device = [&](const std::string& text) -> Result<std::string> {
    if (devices.fleet.find(text)) return text;
    std::vector<std::string> names;
    for (const fleet::Device& device : devices.fleet.devices) names.push_back(device.name);
    return fail(ErrorKind::input, "there is no device \"{}\"{}", text, suggest(text, names));
  };
  return set("partition", parse_partitioning, settings.partitioning)
      .and_then([&] { return set("device", known_device, settings.device); })
      .and_then([&] { return set("mode", parse_mode, settings.mode); })
      .and_then([&] { return set("level", onnx::parse_level, settings.level); })
      .and_then([&] { return set("in_flight", parse_count, settings.in_flight); })
      .and_then([&] { return set("requests", parse_count, settings.requests); })
      .and_then([&] { return set("warm_up", parse_count, settings.warm_up); })
      .and_then([&]() -> Result<CaseSettings> {
        if (settings.partitioning == Partitioning::points && !has_points) {
          return fail(ErrorKind::input,
                      "{}: \"partition: points\" needs \"partition_points\" in devices.yaml",
                      place_of(algorithm, "partition"));
        }
        if (settings.partitioning == Partitioning::solver && !algorithm.solver) {
          return fail(ErrorKind::input,
                      "{}: \"partition: solver\" needs a module of type \"solver\" with a \"url\"",
                      place_of(algorithm, "partition"));
        }
        return settings;
      });
}

}  // namespace convoy::bench
