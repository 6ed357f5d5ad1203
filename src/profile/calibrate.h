// What this machine reaches, for estimates of its like.
#pragma once

#include "foundation/error.h"
#include "profile/roofline.h"

namespace convoy::profile {

// Measured by ONNX Runtime: `flops` by a product of two matrices of 768 rows and columns of
// float32, `memory_bandwidth` by a sum of two tensors of 64 MiB, which no cache holds. Takes some 2
// s and 0.2 GB. Errors: those of a run.
[[nodiscard]] Result<Roofs> calibrate(int threads);

}  // namespace convoy::profile
