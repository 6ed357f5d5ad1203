#include "foundation/time_sample.h"

#include <algorithm>
#include <cmath>

namespace convoy {

void TimeSample::add(Seconds time) {
  if (count_++ % step_ != 0) return;
  if (kept_.size() == most_) {
    for (std::size_t i = 0; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
    kept_.resize((kept_.size() + 1) / 2);
    step_ *= 2;
    if ((count_ - 1) % step_ != 0) return;
  }
  kept_.push_back(time);
}

Seconds TimeSample::quantile(double share) const {
  std::vector<Seconds> times = kept_;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(times.size())));
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::ranges::nth_element(times, at);
  return *at;
}

}  // namespace convoy
