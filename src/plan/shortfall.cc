#include "plan/shortfall.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

#include "plan/another_device.h"
#include "plan/device_kinds.h"
#include "plan/explain.h"
#include "plan/problem.h"
#include "plan/stage_memory.h"

namespace convoy::plan {
namespace {

constexpr std::size_t kMostKinds = 8;
constexpr std::size_t kMostNamed = 3;  // devices with more memory, in a sentence
constexpr Seconds kLongest{2};

fleet::Fleet with_more(fleet::Fleet fleet, std::optional<DeviceId> device, Bytes more) {
  for (const DeviceId id : fleet.devices.ids()) {
    if (device && *device != id) continue;
    if (fleet.devices[id].memory.value() > 0) fleet.devices[id].memory += more;
  }
  return fleet;
}

// So much more memory does not do, and so much does.
struct Bisection {
  std::optional<DeviceId> device;  // none: each
  std::int64_t low = 0;
  std::int64_t high = 0;

  [[nodiscard]] bool is_done() const { return high - low <= std::max<std::int64_t>(1, high / 200); }
  [[nodiscard]] std::int64_t middle() const {
    const std::int64_t half = rounded_up(Bytes((low + high) / 2)).value();
    return std::clamp(half, low + 1, high - 1);
  }
};

}  // namespace

Shortfall shortfall(const CostGraph& graph, const fleet::Fleet& fleet, const FitSearch& fit,
                    const std::function<bool()>& stop) {
  Shortfall missing;
  missing.is_least = true;
  const Bytes model = model_memory(graph);
  missing.whole = Bytes(std::numeric_limits<std::int64_t>::max());
  for (const DeviceId device : fleet.devices.ids()) {
    missing.whole = std::min(missing.whole, model + graph.runtime_memory[device]);
    missing.available += fleet.devices[device].memory;
  }
  std::vector<Kind> kinds = kinds_of(graph, fleet, std::nullopt, kAnySets).kinds;
  if (kinds.size() > kMostKinds) kinds.resize(kMostKinds);
  // From what is enough: the whole model on one device.
  std::vector<Bisection> asked;
  for (const Kind& kind : kinds) {
    const DeviceId device = kind.devices.front();
    const Bytes enough = model + graph.runtime_memory[device] - fleet.devices[device].memory;
    asked.push_back({.device = device, .high = rounded_up(enough).value()});
  }
  if (fleet.devices.size() > 1) {
    asked.push_back(
        {.device = std::nullopt, .high = std::ranges::min(asked, {}, &Bisection::high).high});
  }
  // In turn, so that all are about as close when time is over.
  while (!std::ranges::all_of(asked, &Bisection::is_done)) {
    if (stop()) {
      missing.is_least = false;
      break;
    }
    for (Bisection& one : asked) {
      if (one.is_done()) continue;
      const std::int64_t middle = one.middle();
      const Fit found = fit(graph, with_more(fleet, one.device, Bytes(middle)));
      if (found == Fit::unknown) missing.is_least = false;
      (found == Fit::found ? one.high : one.low) = middle;
    }
  }
  for (const Bisection& one : asked) {
    const Bytes more = rounded_up(Bytes(one.high));
    if (fit(graph, with_more(fleet, one.device, more)) == Fit::found) {
      missing.memory.push_back({one.device, more});
    }
  }
  std::ranges::stable_sort(missing.memory, {}, &MoreMemory::more);
  for (const Kind& kind : kinds) {
    if (stop()) break;
    const Problem more = with_another(graph, fleet, kind.devices.front());
    if (fit(more.graph, more.fleet) == Fit::found) missing.another.push_back(kind.devices.front());
  }
  return missing;
}

std::unexpected<Error> does_not_fit(const CostGraph& graph, const fleet::Fleet& fleet,
                                    std::string_view claim, const FitSearch& fit,
                                    const SolveOptions& options) {
  if (options.explanation == Explanation::none) return fail(ErrorKind::infeasible, "{}", claim);
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(kLongest);
  const Shortfall missing =
      shortfall(graph, fleet, fit, [&] { return options.stop() || Clock::now() >= until; });
  std::vector<std::string> ways;
  std::size_t named = 0;
  for (const MoreMemory& more : missing.memory) {
    // Each device the same as one of them would need is no way of its own.
    if (!more.device && named > 0) continue;
    if (more.device && ++named > kMostNamed) continue;
    ways.push_back(fmt::format("{} more on {}", to_text(more.more),
                               more.device ? fleet.devices[*more.device].name : "each device"));
  }
  if (!missing.another.empty()) {
    ways.push_back(fmt::format("one more {}", fleet.devices[missing.another.front()].name));
  }
  std::string sentence = fmt::format(
      "the model does not fit: on one device it needs {}, the fleet has {} in all, and {}",
      at_least(missing.whole), to_text(missing.available), claim);
  if (!ways.empty()) {
    sentence += fmt::format("; it would fit with {}{}", fmt::join(ways, ", or "),
                            missing.is_least ? "" : " (enough; less may do)");
  }
  return std::unexpected(Error{ErrorKind::infeasible, std::move(sentence)});
}

}  // namespace convoy::plan
