#include "runtime/drops.h"

#include <fmt/format.h>

namespace convoy::runtime {

Drops operator-(const Drops& later, const Drops& earlier) {
  return {.malformed = later.malformed - earlier.malformed,
          .untimely = later.untimely - earlier.untimely,
          .strangers = later.strangers - earlier.strangers,
          .refused = later.refused - earlier.refused};
}

std::string to_text(const Drops& drops) {
  return fmt::format(
      "dropped {} malformed, {} untimely and {} foreign messages; refused {} connections",
      drops.malformed, drops.untimely, drops.strangers, drops.refused);
}

}  // namespace convoy::runtime
