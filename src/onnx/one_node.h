// Models of one node, to see what a machine does with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "onnx/model.h"

namespace convoy::onnx {

// `y` of the operator `op` of two inputs, all float32 of the dimensions `dims`. The node is called
// `op`, too.
[[nodiscard]] Model one_node(const std::string& op, const std::vector<std::int64_t>& dims);

}  // namespace convoy::onnx
