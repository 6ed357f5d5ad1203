#include "engine/shared_tensor.h"

#include <utility>

namespace convoy::engine {

Bytes bytes_of(const SharedTensor& tensor) {
  std::size_t bytes = tensor.data.size();
  for (const std::string& text : tensor.strings) bytes += text.size();
  Bytes sum(static_cast<std::int64_t>(bytes));
  if (!tensor.sequence) return sum;
  for (const SharedTensor& element : *tensor.sequence) sum += bytes_of(element);
  return sum;
}

SharedTensor share(onnx::Tensor tensor) {
  if (tensor.sequence) {
    SharedTensor shared{.sequence = std::vector<SharedTensor>()};
    for (onnx::Tensor& element : *tensor.sequence) {
      shared.sequence->push_back(share(std::move(element)));
    }
    return shared;
  }
  auto owner = std::make_shared<const onnx::Tensor>(std::move(tensor));
  return {.type = owner->type,
          .dims = owner->dims,
          .data = owner->data,
          .owner = owner,
          .strings = owner->strings};
}

onnx::Tensor copy(const SharedTensor& tensor) {
  if (tensor.sequence) {
    onnx::Tensor copied{.sequence = std::vector<onnx::Tensor>()};
    for (const SharedTensor& element : *tensor.sequence) {
      copied.sequence->push_back(copy(element));
    }
    return copied;
  }
  return {.type = tensor.type,
          .dims = tensor.dims,
          .data = {tensor.data.begin(), tensor.data.end()},
          .strings = tensor.strings};
}

}  // namespace convoy::engine
