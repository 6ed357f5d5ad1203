// A job with all it needs found and checked, before anything runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/algorithm_file.h"
#include "bench/case_settings.h"
#include "bench/job_file.h"
#include "bench/module_source.h"
#include "bench/test_case.h"
#include "bench/test_env_file.h"
#include "convoy/plugin.h"
#include "fleet/devices_file.h"
#include "foundation/error.h"

namespace convoy::bench {

// What an algorithm needs beside its file.
struct AlgorithmSetup {
  ModuleSource base_model;
  std::optional<ModuleSource> solver;
  std::filesystem::path model;
  std::filesystem::path devices_file;
  fleet::DevicesFile devices;
};

struct JobSetup {
  Job job;
  TestEnv env;
  std::filesystem::path folder;          // <workspace>/<job>
  std::vector<Algorithm> algorithms;
  std::vector<AlgorithmSetup> setups;    // per algorithm
  std::vector<ModuleSource> metrics;     // per metric of the test environment
  std::vector<TestCase> cases;
  std::vector<CaseSettings> settings;    // per case
  std::vector<Sample> samples;
  std::vector<std::string> notes;        // slips that were understood, keys that are not used
};

// `output` replaces the job's workspace. Errors: whatever is wrong in one of the files or missing;
// a workspace that cannot be written.
[[nodiscard]] Result<JobSetup> set_up(const std::filesystem::path& job_file,
                                      const std::optional<std::filesystem::path>& output);

}  // namespace convoy::bench
