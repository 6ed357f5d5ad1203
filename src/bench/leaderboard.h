// The ranked results of a job: what all_rank.csv and selected_rank.csv hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/csv.h"
#include "bench/figure.h"
#include "bench/rank_settings.h"

namespace convoy::bench {

// One test case that ran, or failed.
struct RankedCase {
  std::string algorithm;
  std::vector<Figure> metrics;  // in the test environment's order; empty when it failed
  std::string paradigm;
  std::vector<std::pair<std::string, std::string>> modules;          // type, name
  std::vector<std::pair<std::string, std::string>> hyperparameters;  // "basemodel-level", value
  std::string time;   // "2026-01-31 12:00:00"
  std::string url;    // the folder with its results
  std::string error;  // empty: it ran
};

// All cases as a table, ranked: columns rank, algorithm, metrics, paradigm, module types,
// hyperparameters, time, url, and error when a case failed. `earlier` is the table of earlier runs:
// its rows and columns are kept, behind this run's where they tie. Failed cases have no rank and
// stand last, as do cases whose figure was not measured behind those where it was.
[[nodiscard]] CsvTable leaderboard(const std::vector<RankedCase>& cases, const CsvTable& earlier,
                                   const std::vector<SortKey>& sort_by);

// The rows and columns that the settings select, ranks counted anew; rows that differ in nothing
// but time and url stand once, as in Ianvs.
[[nodiscard]] CsvTable select(const CsvTable& all, const SelectedItems& selected);

}  // namespace convoy::bench
