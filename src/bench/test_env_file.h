// The test environment of a job as Ianvs writes it: dataset, metrics, devices.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bench/spelled.h"
#include "foundation/error.h"

namespace convoy::bench {

struct DatasetSettings {
  Spelled test;    // test_index, test_data, test_data_info or the older test_url; a file or folder
  Spelled labels;  // convoy's: labels of a folder's images, one a line in the order of their names
  Spelled synsets; // convoy's: meta.mat or one WordNet id a line, for ILSVRC's own label numbers
  std::string label_column = "label";  // of csv and jsonl
};

struct MetricSettings {
  std::string name;
  Spelled url;        // not given: builtin
  std::string place;  // of the name
};

struct TestEnv {
  std::filesystem::path file;
  DatasetSettings dataset;
  std::vector<MetricSettings> metrics;
  Spelled devices;  // `devices: [{url: ...}]`, unless an algorithm brings its own
  std::vector<std::string> notes;
};

// Errors: unknown keys (those of `dataset` are only noted), no dataset to test with, no metrics, a metric twice.
[[nodiscard]] Result<TestEnv> read_test_env(const std::filesystem::path& file);

}  // namespace convoy::bench
