// results.sqlite: every figure of every case of a job, over all its runs.
#pragma once

#include <filesystem>
#include <vector>

#include "bench/test_result.h"
#include "foundation/error.h"

namespace convoy::bench {

// Adds the cases, or replaces those that are in there by their id. Tables: cases(id, algorithm,
// title, basemodel, partition, time, directory, error), hyperparameters(case_id, name, value),
// figures(case_id, name, value, unit, source, note), stages(case_id, stage, device, file, requests,
// busy_s, sent_bytes, peak_memory_bytes, cpu_s).
[[nodiscard]] Result<void> store(const std::filesystem::path& file,
                                 const std::vector<TestResult>& results);

}  // namespace convoy::bench
