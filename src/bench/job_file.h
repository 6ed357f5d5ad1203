// A benchmarking job as Ianvs writes it: `benchmarkingjob:` in YAML. docs/jobs.md is its reference.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/rank_settings.h"
#include "foundation/error.h"

namespace convoy::bench {

struct AlgorithmReference {
  std::string name;
  std::filesystem::path file;
};

struct Job {
  std::filesystem::path file;
  std::string name;
  std::filesystem::path workspace;  // relative ones count from the current folder, as in Ianvs
  std::filesystem::path test_env;
  std::vector<AlgorithmReference> algorithms;
  RankSettings rank;
  std::vector<std::string> notes;   // what was understood differently than Ianvs would
};

// Errors: unknown, missing or repeated keys, files that do not exist; each with file and line.
[[nodiscard]] Result<Job> read_job(const std::filesystem::path& file);

}  // namespace convoy::bench
