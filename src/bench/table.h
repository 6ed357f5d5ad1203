// A leaderboard for the terminal.
#pragma once

#include <string>
#include <vector>

#include "bench/csv.h"
#include "bench/test_result.h"

namespace convoy::bench {

enum class TableStyle { framed, plain };  // for a terminal, for a pipe

// Rank, case and figures of `leaderboard` (of this run), figures with their units; hyperparameters
// where the cases differ in them or where the job selects them by name. Failed cases say why below.
[[nodiscard]] std::string table_text(const CsvTable& leaderboard,
                                     const std::vector<TestResult>& results, TableStyle style);

}  // namespace convoy::bench
