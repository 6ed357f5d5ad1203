#include "bench/float_tensor.h"

#include <fmt/ranges.h>

#include <cstring>

namespace convoy::bench {

Result<engine::SharedTensor> to_shared(const FloatTensor& tensor) {
  const auto bytes = onnx::bytes_of(onnx::ElementType::float32, tensor.shape);
  const std::size_t size = tensor.data.size() * sizeof(float);
  if (!bytes || static_cast<std::size_t>(bytes->value()) != size) {
    return fail(ErrorKind::input, "a tensor of the shape [{}] cannot have {} elements",
                fmt::join(tensor.shape, ", "), tensor.data.size());
  }
  onnx::Tensor copied{.type = onnx::ElementType::float32, .dims = tensor.shape};
  copied.data.resize(size);
  std::memcpy(copied.data.data(), tensor.data.data(), size);
  return engine::share(std::move(copied));
}

Result<FloatTensor> to_floats(const engine::SharedTensor& tensor, const std::string& name) {
  if (tensor.type != onnx::ElementType::float32) {
    return fail(ErrorKind::input, "the model's output \"{}\" is {}; base models read float32",
                name, onnx::name_of(tensor.type));
  }
  FloatTensor floats{.shape = tensor.dims, .data = {}};
  floats.data.resize(tensor.data.size() / sizeof(float));
  std::memcpy(floats.data.data(), tensor.data.data(), floats.data.size() * sizeof(float));
  return floats;
}

}  // namespace convoy::bench
