// Moments of the steady clock.
#pragma once

#include <chrono>

#include "foundation/units.h"

namespace convoy {

// `span` after `time`; to the next tick of the clock.
[[nodiscard]] inline std::chrono::steady_clock::time_point later(
    std::chrono::steady_clock::time_point time, Seconds span) {
  return time + std::chrono::ceil<std::chrono::steady_clock::duration>(span);
}
[[nodiscard]] inline std::chrono::steady_clock::time_point from_now(Seconds span) {
  return later(std::chrono::steady_clock::now(), span);
}

}  // namespace convoy
