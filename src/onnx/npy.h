// NumPy's .npy format, versions 1 to 3:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <string>
#include <string_view>

#include "foundation/error.h"
#include "onnx/tensor.h"

namespace convoy::onnx {

// Errors: not .npy, truncated, Fortran order, big-endian, an element type that ONNX lacks.
[[nodiscard]] Result<Tensor> parse_npy(std::string_view file);

// Version 1. Errors: an element type that NumPy lacks (bfloat16, 8- and 4-bit floats, strings, ...).
[[nodiscard]] Result<std::string> to_npy(const Tensor& tensor);

}  // namespace convoy::onnx
