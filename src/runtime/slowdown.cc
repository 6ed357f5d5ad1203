#include "runtime/slowdown.h"

#include <algorithm>

namespace convoy::runtime {
namespace {

// Of a stretch; shorter ones say too little.
constexpr std::uint64_t kFewest = 8;
constexpr Seconds kShortest{2};
// Where nothing is answered any more, one of so many requests' time is enough.
constexpr double kLongest = 4.0 * kFewest;

}  // namespace

void Slowdown::begin(std::uint64_t answered, Time now) {
  answered_ = answered;
  since_ = now;
}

void Slowdown::expect(Seconds each) {
  if (!least_) least_ = each;
}

std::optional<double> Slowdown::look(std::uint64_t answered, bool is_busy, Time now) {
  if (!is_busy) {
    begin(answered, now);
    return std::nullopt;
  }
  const std::uint64_t count = answered - answered_;
  const Seconds length = now - since_;
  const bool is_over = count >= kFewest || (least_ && length >= kLongest * *least_);
  if (length < kShortest || !is_over) return std::nullopt;
  const Seconds each = length / static_cast<double>(std::max<std::uint64_t>(count, 1));
  begin(answered, now);
  least_ = least_ ? std::min(*least_, each) : each;
  return each / *least_;
}

}  // namespace convoy::runtime
