// report.html: what was compared, what came out and why, for people who see it the first time.
#pragma once

#include <string>
#include <vector>

#include "bench/charts.h"
#include "bench/job_setup.h"
#include "bench/test_result.h"

namespace convoy::bench {

// One self-contained page: no script, no network. All text is escaped.
[[nodiscard]] std::string report_html(const JobSetup& setup,
                                      const std::vector<TestResult>& results);

}  // namespace convoy::bench
