// The whole model, optimised once, before it is cut.
#pragma once

#include <filesystem>

#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy::engine {

// `model` as ONNX Runtime optimises it at `level`, written to `file`: run without further
// optimisation it gives the same bits as the whole model at that level. Skip-layer-norm fusion is
// left out, as it would make two tensors cross where one does. Every node gets a name of its own,
// and every value the type that ONNX Runtime infers; inputs and outputs stay as in the original
// (initializers that stopped being needed are not left behind as inputs). Weights that protobuf could
// not hold go to `file`.data.
[[nodiscard]] Result<void> optimize(const std::filesystem::path& model,
                                    onnx::OptimizationLevel level,
                                    const std::filesystem::path& file);

}  // namespace convoy::engine
