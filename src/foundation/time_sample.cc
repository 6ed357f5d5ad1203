#include "foundation/time_sample.h"

#include <algorithm>
#include <cmath>

namespace convoy {

void TimeSample::add(Seconds time) {
  ++count_;
  if (kept_.size() < most_) {
    kept_.push_back(time);
    return;
  }
  const std::uint64_t at = std::uniform_int_distribution<std::uint64_t>(0, count_ - 1)(random_);
  if (at < most_) kept_[at] = time;
}

Seconds TimeSample::quantile(double share) const {
  std::vector<Seconds> times = kept_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(times.size())));
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(times, at);
  return *at;
}

}  // namespace convoy
