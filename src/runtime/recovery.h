// What became of running plans, when a device was lost and otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "foundation/units.h"

namespace convoy::runtime {

struct Recovery {
  std::string device;  // empty: all are there, but a plan did not come into force, or is slow
  std::string what;    // "device tablet does not answer any more"
  Seconds detected{0};             // since the pipeline began
  std::optional<Seconds> resumed;  // when a plan was running again
  std::size_t plan = 0;            // which; then
};

// A plan's time in force; since the pipeline began.
struct Reign {
  std::uint64_t epoch = 0;
  std::size_t plan = 0;
  Seconds since{0};
  std::optional<Seconds> until;  // nothing: it is
};

// Epochs of a coordinator count up from a random number whose last 32 bits are 1: the how many-th it
// is; 0 of 0, when no plan is in force.
[[nodiscard]] constexpr std::uint32_t count_of_epoch(std::uint64_t epoch) {
  return static_cast<std::uint32_t>(epoch);
}

}  // namespace convoy::runtime
