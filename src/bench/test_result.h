// What became of one test case.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/figure.h"
#include "bench/leaderboard.h"
#include "bench/run_record.h"
#include "fleet/fleet.h"
#include "foundation/error.h"

namespace convoy::bench {

struct TestResult {
  std::string id;                    // the name of its folder
  std::string title;                 // for people: the algorithm and what tells its cases apart
  std::string algorithm;
  std::string module;                // of the base model
  std::string partition;             // "none", "points", ...
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string time;                  // when it ended: "2026-01-31 12:00:00"
  std::filesystem::path directory;
  std::optional<Error> error;        // it failed, or was stopped
  std::vector<Figure> figures;       // all that convoy measures, and the user's own metrics
  std::vector<std::string> metrics;  // names of those that the test environment asks for
  std::vector<std::string> predictions;
  std::optional<Seconds> period;     // measured
  RunRecord record;
  fleet::Fleet fleet;
};

[[nodiscard]] RankedCase ranked(const TestResult& result);

// figures.json: everything but the pictures' raw material.
[[nodiscard]] std::string to_json(const TestResult& result);

}  // namespace convoy::bench
