// Quantiles of any number of times, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "foundation/units.h"

namespace convoy {

// Keeps each time at first; where there are more than it keeps, every second, fourth, and so on.
class TimeSample {
 public:
  explicit TimeSample(std::size_t most = 100'000) : most_(most) {}

  void add(Seconds time);
  [[nodiscard]] std::uint64_t count() const { return count_; }  // of all
  // The smallest of those kept that at least `share` of them are not above. There must be one.
  [[nodiscard]] Seconds quantile(double share) const;

 private:
  std::size_t most_;
  std::uint64_t count_ = 0;
  std::uint64_t step_ = 1;  // one of so many is kept
  std::vector<Seconds> kept_;
};

}  // namespace convoy
