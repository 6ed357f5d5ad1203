// Setting right what ONNX Runtime leaves behind when it optimises a model.
#pragma once

#include "foundation/error.h"
#include "onnx/model.h"

namespace convoy::onnx {

// Gives every node of the main graph a name of its own (those that have one keep it), and drops
// graph inputs that stopped being needed: inputs that had an initializer in the original, so that
// nobody had to feed them, and have none in the optimised model. A dropped input that something
// still reads is an error that names it. Weights that only quantisation annotations name come back,
// and imports of domains that nothing uses and the original did not import go.
[[nodiscard]] Result<void> tidy_optimized(const Model& original, Model& optimized);

}  // namespace convoy::onnx
