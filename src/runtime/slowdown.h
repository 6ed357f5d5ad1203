// Whether a plan has become slower than it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "foundation/units.h"

namespace convoy::runtime {

// Compares a plan with itself, not with what was predicted: this may be off, as when the whole
// machine is slower than it was when it was measured. Looks only at times when the pipeline has all
// the requests it can work at, as else whoever asks is slow. No clock of its own.
class Slowdown {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // It is in force, again or for the first time.
  void begin(std::uint64_t answered, Time now);
  // How long a request should take, for a plan of which that is not known yet.
  void expect(Seconds each);
  // To be told often: how many requests were answered so far, and whether enough of them are under
  // way. Once in a while: how many times as long a request takes as it did when it took least; 1 at
  // least.
  [[nodiscard]] std::optional<double> look(std::uint64_t answered, bool is_busy, Time now);
  // The least time that a request took, or should; nothing if that is not known.
  [[nodiscard]] std::optional<Seconds> least() const { return least_; }

 private:
  std::uint64_t answered_ = 0;  // when this stretch of time began
  Time since_;
  std::optional<Seconds> least_;  // that a request took, of all stretches
};

}  // namespace convoy::runtime
