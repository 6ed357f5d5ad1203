#include "plan/medium_bound.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <span>

namespace convoy::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The least of any range of numbers, in constant time: level k holds the least of 2^k successors.
class RangeMinimum {
 public:
  explicit RangeMinimum(std::span<const double> numbers)
      : levels_{std::vector(numbers.begin(), numbers.end())} {
    for (std::size_t width = 1; 2 * width <= numbers.size(); width *= 2) {
      const std::vector<double>& below = levels_.back();
      std::vector<double> level(numbers.size() - 2 * width + 1);
      for (std::size_t i = 0; i < level.size(); ++i) level[i] = std::min(below[i], below[i + width]);
      levels_.push_back(std::move(level));
    }
  }
  // Of first ... last, both included; infinite for none.
  [[nodiscard]] double least(std::size_t first, std::size_t last) const {
    if (first > last) return kInfinity;
    const auto level = static_cast<std::size_t>(std::bit_width(last - first + 1)) - 1;
    return std::min(levels_[level][first], levels_[level][last + 1 - (std::size_t{1} << level)]);
  }

 private:
  std::vector<std::vector<double>> levels_;
};

// What a stage receives grows where a crossing value is first read: so many bytes for all ends up
// to and including `last_end`.
struct Step {
  std::size_t last_end = 0;
  double bytes = 0;
};

std::vector<Step> steps_at(const Stretches& stretches, std::size_t position) {
  std::vector<Crossing> crossing = stretches.crossings(position);
  std::ranges::sort(crossing, {}, &Crossing::next_reader);
  std::vector<Step> steps;
  double bytes = 0;
  for (const Crossing& value : crossing) {
    // A stage that ends at its reader does not read it.
    steps.push_back({value.next_reader, bytes});
    bytes += static_cast<double>(value.bytes.value());
  }
  steps.push_back({stretches.size(), bytes});
  return steps;
}

}  // namespace

MediumBound::MediumBound(const Stretches& stretches, const DeviceKinds& kinds,
                         const Completions& completions, const std::vector<double>& receiving)
    : positions_(stretches.size() + 1), least_(kinds.sets * positions_, kInfinity) {
  std::vector<std::vector<Step>> steps;
  for (std::size_t from = 0; from < stretches.size(); ++from) {
    steps.push_back(steps_at(stretches, from));
  }
  // From smaller sets to larger ones, by one device each.
  for (std::size_t rest = 0; rest < kinds.sets; ++rest) {
    double* const of_rest = &least_[rest * positions_];
    if (completions.complete(rest)) of_rest[stretches.size()] = 0;
    for (std::size_t position = 0; position <= stretches.size(); ++position) {
      if (!completions.possible_from(position, rest)) of_rest[position] = kInfinity;
    }
    const RangeMinimum least_from(std::span<const double>(of_rest, positions_));
    for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
      if (kinds.kinds[kind].count_in(rest) == kinds.kinds[kind].devices.size()) continue;
      const std::size_t set = rest + kinds.kinds[kind].weight;
      double* const of_set = &least_[set * positions_];
      const std::size_t behind = std::min(stretches.size(), completions.latest_start(set) + 1);
      for (std::size_t from = 0; from < behind; ++from) {
        auto [first, last] = completions.range_of_ends(kind, from);
        for (const Step& step : steps[from]) {
          if (first > last) break;
          const std::size_t until = std::min(last, step.last_end);
          const double after = least_from.least(first, until);
          of_set[from] = std::min(of_set[from], step.bytes * receiving[kind] + after);
          first = std::max(first, until + 1);
        }
      }
    }
  }
}

}  // namespace convoy::plan
