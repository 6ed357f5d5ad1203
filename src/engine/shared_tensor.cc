#include "engine/shared_tensor.h"

#include <utility>

namespace convoy::engine {

SharedTensor share(onnx::Tensor tensor) {
  auto owner = std::make_shared<const onnx::Tensor>(std::move(tensor));
  return {.type = owner->type,
          .dims = owner->dims,
          .data = owner->data,
          .owner = owner,
          .strings = owner->strings};
}

onnx::Tensor copy(const SharedTensor& tensor) {
  return {.type = tensor.type,
          .dims = tensor.dims,
          .data = {tensor.data.begin(), tensor.data.end()},
          .strings = tensor.strings};
}

}  // namespace convoy::engine
