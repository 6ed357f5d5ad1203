// What a worker did not accept.
#pragma once

#include <cstdint>
#include <string>

namespace convoy::runtime {

struct Drops {
  std::uint64_t malformed = 0;  // messages of no known form, or with sizes that do not fit
  std::uint64_t untimely = 0;   // of another epoch, repeated, or after their request's end
  std::uint64_t strangers = 0;  // messages of keys that are not, or no longer, trusted
  std::uint64_t refused = 0;    // connections: of unknown keys, or with another protocol

  // Messages of all kinds.
  [[nodiscard]] std::uint64_t messages() const { return malformed + untimely + strangers; }
};

// What came after `earlier`.
[[nodiscard]] Drops operator-(const Drops& later, const Drops& earlier);

// "dropped 3 malformed, 1 untimely and 0 foreign messages; refused 2 connections".
[[nodiscard]] std::string to_text(const Drops& drops);

}  // namespace convoy::runtime
