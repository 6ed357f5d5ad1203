// Optimised models, kept for the next time.
#pragma once

#include <filesystem>

#include "foundation/error.h"
#include "onnx/cut.h"

namespace convoy::engine {

// The file of `model` optimised at `level` (optimize.h), made in `cache` if it isn't there yet. Kept
// by the sha256 of the model, the size and time of its external data, the level and ONNX Runtime's
// version. Several processes may ask at once: one's work is kept.
[[nodiscard]] Result<std::filesystem::path> optimized_model(const std::filesystem::path& model,
                                                            onnx::OptimizationLevel level,
                                                            const std::filesystem::path& cache);

}  // namespace convoy::engine
