// How far apart two tensors are.
#pragma once

#include <optional>
#include <string>

#include "engine/shared_tensor.h"

namespace convoy::engine {

struct Difference {
  // Equal types, dimensions and bits: two NaNs are the same when their bits are.
  bool identical = true;
  // The largest difference of two elements; infinite where only one of them is NaN. Nothing for
  // strings that differ, and for different types or dimensions.
  std::optional<double> max_abs = 0.0;
};

// What holds for both together.
[[nodiscard]] Difference larger(const Difference& a, const Difference& b);

// "identical, bit for bit", "differs by at most 0.001", "differs in type, dimensions or words".
[[nodiscard]] std::string to_text(const Difference& difference);

// Sequences are compared element by element.
[[nodiscard]] Difference compare(const SharedTensor& a, const SharedTensor& b);

}  // namespace convoy::engine
