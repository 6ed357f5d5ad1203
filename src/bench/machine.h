// The machine that a benchmark ran on, for reports.
#pragma once

#include <string>

namespace convoy::bench {

struct Machine {
  std::string processor;  // "Intel(R) Xeon(R) ...", or the architecture where Linux does not say
  unsigned cores = 0;     // that this process may use
  std::string system;     // "Linux 6.1.0 x86_64"
  double load = 0;        // mean number of running tasks over the last minute
};

[[nodiscard]] Machine this_machine();

}  // namespace convoy::bench
