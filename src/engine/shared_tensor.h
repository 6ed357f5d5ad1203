// A tensor on its way through a pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "foundation/units.h"
#include "onnx/tensor.h"

namespace convoy::engine {

// Dense bytes that somebody else may own (a message, an ONNX Runtime value), shared without copying.
// Or a sequence of such; a map is a sequence of two, its keys and its values.
struct SharedTensor {
  onnx::ElementType type = onnx::ElementType::undefined;
  std::vector<std::int64_t> dims;
  std::span<const std::byte> data;
  std::shared_ptr<const void> owner;  // keeps `data` alive
  std::vector<std::string> strings;   // string tensors only; `data` is then empty
  std::optional<std::vector<SharedTensor>> sequence = std::nullopt;  // all else is then empty

  // An input that is left out, or an optional that holds nothing.
  [[nodiscard]] bool is_absent() const {
    return type == onnx::ElementType::undefined && !sequence;
  }
};

// Bytes of the elements, strings and those of a sequence included.
[[nodiscard]] Bytes bytes_of(const SharedTensor& tensor);

// Tensors by the name of their value.
using NamedTensors = std::map<std::string, SharedTensor>;

[[nodiscard]] SharedTensor share(onnx::Tensor tensor);
[[nodiscard]] onnx::Tensor copy(const SharedTensor& tensor);

}  // namespace convoy::engine
