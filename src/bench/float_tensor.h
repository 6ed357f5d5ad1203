// Between the plug-in interface's tensors and the pipeline's.
#pragma once

#include <string>

#include "convoy/plugin.h"
#include "engine/shared_tensor.h"
#include "foundation/error.h"

namespace convoy::bench {

// Error: the shape does not fit the data.
[[nodiscard]] Result<engine::SharedTensor> to_shared(const FloatTensor& tensor);

// Error: `name` is not of float32.
[[nodiscard]] Result<FloatTensor> to_floats(const engine::SharedTensor& tensor,
                                            const std::string& name);

}  // namespace convoy::bench
