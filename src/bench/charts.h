// Pictures of results, as SVG that needs nothing else.
#pragma once

#include <string>
#include <vector>

#include "bench/test_result.h"

namespace convoy::bench {

// A bar of speed per case. A document of its own, light or dark as its reader is.
[[nodiscard]] std::string speed_chart(const std::vector<TestResult>& results);

// Who computed which request when: a row per device over a few periods from the middle of the run.
// Empty when nothing ran.
[[nodiscard]] std::string timeline_chart(const TestResult& result);

// A bar filled to `share` (0 to 1), with a label behind it.
[[nodiscard]] std::string share_bar(double share, const std::string& label);

}  // namespace convoy::bench
