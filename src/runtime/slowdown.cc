#include "runtime/slowdown.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {
namespace {

// Of a stretch; shorter ones say too little.
constexpr std::uint64_t kFewest = 8;
constexpr Seconds kShortest{2};
// Where nothing is answered any more, one of so many requests' time is enough.
constexpr double kLongest = 4.0 * kFewest;
// Whoever asks may take so long between an answer and the next request.
constexpr Seconds kPause{0.1};

}  // namespace

void Slowdown::begin(std::uint64_t answered, Time now) {
  previous_.reset();
  idle_.reset();
  begin_stretch(answered, now);
}

void Slowdown::begin_stretch(std::uint64_t answered, Time now) {
  answered_ = answered;
  since_ = now;
}

void Slowdown::expect(Seconds each) {
  if (least_) return;
  least_ = each;
  expected_ = true;
}

std::optional<Slowdown::Verdict> Slowdown::look(std::uint64_t answered, bool is_busy, Time now) {
  if (is_busy) {
    idle_.reset();
  } else {
    idle_ = idle_.value_or(now);
    if (now - *idle_ > kPause) begin(answered, now);
    return std::nullopt;
  }
  const std::uint64_t count = answered - answered_;
  const Seconds length = now - since_;
  const bool is_over = count >= kFewest || (least_ && length >= kLongest * *least_);
  if (length < kShortest || !is_over) return std::nullopt;
  begin_stretch(answered, now);
  const Seconds each = length / static_cast<double>(std::max<std::uint64_t>(count, 1));
  const std::optional<Seconds> previous = std::exchange(previous_, each);
  if (count == 0) return Verdict{each, each / *least_};  // there is no doubt
  if (!previous) return std::nullopt;
  if (!least_ || (!expected_ && std::max(each, *previous) < *least_)) {
    least_ = std::max(each, *previous);
  }
  const Seconds agreed = std::min(each, *previous);
  const Verdict verdict{agreed, std::max(1.0, agreed / *least_)};
  if (std::exchange(expected_, false)) least_ = std::max(each, *previous);
  return verdict;
}

}  // namespace convoy::runtime
