// Does a split model still give the whole model's answers?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/compare.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy::engine {

struct OutputDifference {
  std::string name;
  Difference difference;
};

struct Verification {
  Difference largest;                     // over all outputs
  std::vector<OutputDifference> outputs;  // in the order of the model's outputs
};

// Runs the whole `model` at the split's level, then the pieces in `directory` one after another in
// this process, on the same inputs, and compares what comes out. Exact pieces run as they were cut,
// fast ones with all optimisations. One session is loaded at a time. Errors: a model or a piece that
// is not the one of map.json (by sha256), or that does not run.
[[nodiscard]] Result<Verification> verify(const std::filesystem::path& model,
                                          const std::filesystem::path& directory,
                                          const NamedTensors& inputs, int threads);

}  // namespace convoy::engine
