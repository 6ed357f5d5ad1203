// The `rank` section of a job: what the leaderboard sorts by and shows.
#pragma once

#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/yaml.h"

namespace convoy::bench {

enum class Order { ascend, descend };

struct SortKey {
  std::string metric;
  Order order = Order::descend;
  std::string place;  // "job.yaml:32", for messages
};

// Which rows and columns the selected leaderboard keeps; {"all"} keeps all.
struct SelectedItems {
  std::vector<std::string> paradigms = {"all"};
  std::vector<std::string> modules = {"all"};
  std::vector<std::string> hyperparameters = {"all"};
  std::vector<std::string> metrics = {"all"};
  std::string metrics_place;  // "job.yaml:34", for messages
};

enum class SaveMode { selected_only, selected_and_all, selected_and_all_and_picture };

struct RankSettings {
  std::vector<SortKey> sort_by;  // first key first
  SelectedItems selected;
  SaveMode save_mode = SaveMode::selected_and_all;
};

[[nodiscard]] Result<RankSettings> parse_rank(const Yaml& rank);

// Every metric that the settings sort by or select exists. Ianvs skips the others silently; an
// error names the line and the metrics there are.
[[nodiscard]] Result<void> check_metrics(const RankSettings& settings,
                                         const std::vector<std::string>& metrics);

}  // namespace convoy::bench
