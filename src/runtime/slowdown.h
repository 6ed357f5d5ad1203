// Whether a plan has become slower than it was.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "foundation/units.h"

namespace convoy::runtime {

// Compares a plan with itself, not with what was predicted: this may be off, as when the whole
// machine is slower than it was when it was measured. Looks only at times when the pipeline has all
// the requests it can work at, as else whoever asks is slow; in stretches of two seconds and more,
// and believes what two in a row agree on, as one may have been disturbed, or have caught up. No
// clock of its own.
class Slowdown {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Verdict {
    Seconds each{0};   // that a request takes
    double times = 1;  // as long as it did when it took least; 1 at least
  };

  // The plan is in force, again or for the first time.
  void begin(std::uint64_t answered, Time now);
  // How long a request should take, for a plan of which that is not known: only for its first
  // verdict.
  void expect(Seconds each);
  // To be told often: how many requests were answered so far, and whether enough of them are under
  // way. Once in a while, a verdict.
  [[nodiscard]] std::optional<Verdict> look(std::uint64_t answered, bool is_busy, Time now);

 private:
  void begin_stretch(std::uint64_t answered, Time now);

  std::uint64_t answered_ = 0;  // when this stretch began
  Time since_;
  std::optional<Time> idle_;         // since then not enough requests are under way
  std::optional<Seconds> previous_;  // of the stretch before
  std::optional<Seconds> least_;
  bool expected_ = false;  // that, and not seen
};

}  // namespace convoy::runtime
