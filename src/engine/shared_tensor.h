// A tensor on its way through a pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "onnx/tensor.h"

namespace convoy::engine {

// Dense bytes that somebody else may own (a message, an ONNX Runtime value), shared without copying.
struct SharedTensor {
  onnx::ElementType type = onnx::ElementType::undefined;
  std::vector<std::int64_t> dims;
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner;  // keeps `data` alive
  std::vector<std::string> strings;   // string tensors only; `data` is then empty
};

// Tensors by the name of their value.
using NamedTensors = std::map<std::string, SharedTensor>;

[[nodiscard]] SharedTensor share(onnx::Tensor tensor);
[[nodiscard]] onnx::Tensor copy(const SharedTensor& tensor);

}  // namespace convoy::engine
