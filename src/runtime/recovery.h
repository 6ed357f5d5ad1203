// What became of a running plan when a device was lost.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "foundation/units.h"

namespace convoy::runtime {

struct Recovery {
  std::string device;              // empty: all are there, but a plan did not come into force
  std::string what;                // "does not answer any more"
  Seconds detected{0};             // since the pipeline began
  std::optional<Seconds> resumed;  // when a plan was running again
  std::size_t plan = 0;            // which; then
};

}  // namespace convoy::runtime
