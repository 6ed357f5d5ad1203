// A model's local functions.
#pragma once

#include "foundation/error.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

// Fails, with its name, when a local function calls itself, directly or through others: ONNX forbids
// it, and whoever expands functions would not come to an end.
[[nodiscard]] Result<void> check_functions(const proto::ModelProto& model);

}  // namespace convoy::onnx
