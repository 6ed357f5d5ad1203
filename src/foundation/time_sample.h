// Quantiles of any number of times, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "foundation/units.h"

namespace convoy {

// Keeps each time at first; where there are more than it keeps, some of them at random, each as
// likely (Vitter 1985, algorithm R), by a seed that is always the same.
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
  std::mt19937_64 random_;
  std::vector<Seconds> kept_;
};

}  // namespace convoy
