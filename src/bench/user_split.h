// Sub-models that a plug-in's own partition made.
#pragma once

#include <filesystem>

#include "convoy/plugin.h"
#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy::bench {

// A map.json in the plug-in's folder is taken as it is, with the devices of `map_info`. Otherwise
// the files of `map_info` are read, put in an order in which they can run, and written to
// `directory` with a map of their own, to be optimised by each device. Errors: a file that is
// missing or in only one of the two; files that do not make `model`'s outputs of its inputs.
struct UserSplit {
  onnx::SplitMap map;
  std::filesystem::path directory;
};
[[nodiscard]] Result<UserSplit> adopt(const PartitionResult& partition,
                                      const std::filesystem::path& model,
                                      const std::filesystem::path& directory);

}  // namespace convoy::bench
