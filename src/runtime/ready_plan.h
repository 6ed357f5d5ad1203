// A plan that has been cut.
#pragma once

#include <filesystem>

#include "foundation/units.h"
#include "onnx/split_map.h"

namespace convoy::runtime {

struct ReadyPlan {
  std::filesystem::path directory;  // of the sub-models
  onnx::SplitMap map;               // which names the devices
  Seconds period{0};                // predicted; 0: unknown
};

}  // namespace convoy::runtime
