// A whole benchmarking job.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/csv.h"
#include "bench/job_setup.h"
#include "bench/test_result.h"
#include "emulation/local_host.h"
#include "foundation/error.h"

namespace convoy::bench {

// Where a job is, for whoever shows it. `all` is 0 while there is nothing to count.
struct Progress {
  std::size_t test = 0;   // from 1
  std::size_t tests = 0;
  std::string title;
  std::string what;       // "measuring the model on each device"
  std::size_t done = 0;
  std::size_t all = 0;
};

struct BenchmarkOptions {
  emulation::Surroundings surroundings;
  std::function<bool()> stop = [] { return false; };
  std::function<void(const Progress&)> progress = [](const Progress&) {};
};

struct JobResult {
  std::vector<TestResult> results;          // in the order of the cases; fewer when stopped
  bool stopped = false;
  CsvTable leaderboard;                     // of this run, as the settings select
  std::filesystem::path all_rank;           // empty when the job does not save it
  std::filesystem::path selected_rank;
  std::filesystem::path database;
  std::filesystem::path report;
};

// Runs the cases one after the other; a failing one becomes a row with its error and the others
// stand. Results are written after every case, so whatever ends a run leaves those behind that were
// done. Errors: results that cannot be written.
[[nodiscard]] Result<JobResult> run_benchmark(const JobSetup& setup,
                                              const BenchmarkOptions& options);

}  // namespace convoy::bench
