#include "bench/case_id.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <random>

namespace convoy::bench {

std::string new_case_id() {
  // RFC 9562: 100 ns intervals since 1582-10-15; the clock sequence and the node are random, the
  // node with its multicast bit set.
  constexpr std::uint64_t kEpoch = 0x01b21dd213814000;
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  const std::uint64_t ticks =
      kEpoch + static_cast<std::uint64_t>(
                   std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count() / 100);
  std::random_device random;
  const std::uint64_t bits = static_cast<std::uint64_t>(random()) << 32 | random();
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", ticks & 0xffffffff,
                     ticks >> 32 & 0xffff, 0x1000 | (ticks >> 48 & 0x0fff),
                     0x8000 | (bits >> 48 & 0x3fff), (bits & 0xffffffffffff) | 0x010000000000);
}

std::string time_now() { return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr))); }

}  // namespace convoy::bench
