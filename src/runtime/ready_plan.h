// A plan that has been cut, and those for when devices are missing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"
#include "onnx/split_map.h"

namespace convoy::runtime {

struct ReadyPlan {
  std::filesystem::path directory;  // of the sub-models
  onnx::SplitMap map;               // which names the devices
  Seconds period{0};                // predicted; 0: unknown
  bool in_advance = true;           // devices are sent their part of it before it is needed
};

// What stands in `standby/standby.json` of a split.
struct StandbyIndex {
  struct Entry {
    std::string folder;  // with a split of its own, below `standby/`
    Seconds period{0};   // predicted
    std::string lost;    // the device that it does without; or
    std::string alone;   // the only device that it needs, which the split does not name
  };
  Seconds period{0};  // of the plan that all these stand by
  std::vector<Entry> plans;
};
[[nodiscard]] std::string to_json(const StandbyIndex& index);

// The plan in `directory`, whose map that is, and its standby plans, if any: those for a loss first,
// each by their periods. Errors name the file.
[[nodiscard]] Result<std::vector<ReadyPlan>> read_ready_plans(
    const std::filesystem::path& directory, const onnx::SplitMap& map);

}  // namespace convoy::runtime
