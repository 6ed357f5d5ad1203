// How long one shared medium is busy at least until the end of a chain.
#pragma once

#include <cstddef>
#include <vector>

#include "plan/completions.h"
#include "plan/device_kinds.h"
#include "plan/stretches.h"

namespace convoy::plan {

// What a stage receives does not depend on who sends it: only the sender's rate has to be guessed,
// as that of the quickest. So for each set of devices left, the least time from each boundary on
// follows from that of the smaller sets. Runs may end anywhere between the shortest and the longest
// that fit a memory, which turns the choice of an end into a minimum over a range.
class MediumBound {
 public:
  // `receiving`: seconds a byte takes to a device of each kind, at least.
  MediumBound(const Stretches& stretches, const DeviceKinds& kinds, const Completions& completions,
              const std::vector<double>& receiving);

  // In seconds; infinite where the set cannot complete from there.
  [[nodiscard]] double at(std::size_t position, std::size_t set) const {
    return least_[set * positions_ + position];
  }

 private:
  std::size_t positions_;
  std::vector<double> least_;
};

}  // namespace convoy::plan
