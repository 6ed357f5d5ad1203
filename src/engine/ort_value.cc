#include "engine/ort_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace convoy::engine {
namespace {

using onnx::ElementType;

std::string to_text(const SharedTensor& tensor) {
  onnx::ValueType type{.element = tensor.type, .dims = {}, .container = {}};
  std::vector<onnx::Dimension>& dims = type.dims.emplace();
  for (const std::int64_t size : tensor.dims) dims.push_back({.size = size, .symbol = {}});
  return onnx::to_text(type);
}

// Without dimensions the port may be of unknown rank, and anything fits.
bool fits(const std::vector<onnx::Dimension>& wanted, const std::vector<std::int64_t>& dims) {
  if (wanted.empty()) return true;
  return std::ranges::equal(wanted, dims, [](const onnx::Dimension& want, std::int64_t size) {
    return !want.size || *want.size == size;
  });
}

std::optional<std::size_t> element_count(const std::vector<std::int64_t>& dims) {
  const std::optional<Bytes> count = onnx::bytes_of(ElementType::uint8, dims);
  if (!count) return std::nullopt;
  return static_cast<std::size_t>(count->value());
}

Result<Ort::Value> strings_to_ort(const Port& port, const SharedTensor& tensor) {
  const std::optional<std::size_t> count = element_count(tensor.dims);
  if (count != tensor.strings.size()) {
    return fail(ErrorKind::input, "input \"{}\": {} strings for {}", port.name,
                tensor.strings.size(), to_text(tensor));
  }
  Ort::AllocatorWithDefaultOptions allocator;
  Ort::Value value =
      Ort::Value::CreateTensor(allocator, tensor.dims.data(), tensor.dims.size(),
                               ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING);
  for (std::size_t i = 0; i < tensor.strings.size(); ++i) {
    const std::string& text = tensor.strings[i];  // may hold zero bytes
    std::ranges::copy(text, value.GetResizedStringTensorElementBuffer(i, text.size()));
  }
  return value;
}

std::vector<std::string> strings_of(const Ort::Value& value, std::size_t count) {
  std::vector<std::string> strings(count);
  for (std::size_t i = 0; i < count; ++i) strings[i] = value.GetStringTensorElement(i);
  return strings;
}

std::string name_of(ONNXType type) {
  switch (type) {
    case ONNX_TYPE_SEQUENCE:
      return "sequence";
    case ONNX_TYPE_MAP:
      return "map";
    case ONNX_TYPE_OPTIONAL:
      return "optional";
    case ONNX_TYPE_SPARSETENSOR:
      return "sparse tensor";
    default:
      return "value of a kind of its own";
  }
}

// What keeps an output's bytes alive.
struct Held {
  Ort::Value value;
  std::shared_ptr<const void> keep;
};

}  // namespace

Result<Ort::Value> to_ort(const Port& port, const SharedTensor& tensor) {
  if (tensor.type != port.type.element ||
      (port.type.dims && !fits(*port.type.dims, tensor.dims))) {
    return fail(ErrorKind::input, "input \"{}\" wants {}, not {}", port.name,
                onnx::to_text(port.type), to_text(tensor));
  }
  if (tensor.type == ElementType::string) return strings_to_ort(port, tensor);
  const std::optional<Bytes> bytes = onnx::bytes_of(tensor.type, tensor.dims);
  if (!bytes || static_cast<std::size_t>(bytes->value()) != tensor.data.size()) {
    return fail(ErrorKind::input, "input \"{}\": {} bytes for {}, which {}", port.name,
                tensor.data.size(), to_text(tensor),
                bytes ? fmt::format("take {}", bytes->value()) : "have no size");
  }
  // ONNX Runtime never writes to inputs. An empty tensor needs an address all the same.
  static const std::byte nothing{};
  const std::byte* const data = tensor.data.empty() ? &nothing : tensor.data.data();
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault);
  return Ort::Value::CreateTensor(memory, const_cast<std::byte*>(data), tensor.data.size(),
                                  tensor.dims.data(), tensor.dims.size(),
                                  static_cast<ONNXTensorElementDataType>(tensor.type));
}

Result<SharedTensor> from_ort(const Port& port, Ort::Value value,
                              std::shared_ptr<const void> keep) {
  const Ort::TensorTypeAndShapeInfo info = value.GetTensorTypeAndShapeInfo();
  SharedTensor tensor;
  tensor.type = static_cast<ElementType>(info.GetElementType());
  tensor.dims = info.GetShape();
  if (tensor.type == ElementType::string) {
    tensor.strings = strings_of(value, info.GetElementCount());
    return tensor;
  }
  const std::optional<Bytes> bytes = onnx::bytes_of(tensor.type, tensor.dims);
  if (!bytes) {
    return fail(ErrorKind::failure, "output \"{}\" has the element type {}, which is not supported",
                port.name, static_cast<int>(tensor.type));
  }
  auto held = std::make_shared<const Held>(std::move(value), std::move(keep));
  tensor.data = {static_cast<const std::byte*>(held->value.GetTensorRawData()),
                 static_cast<std::size_t>(bytes->value())};
  tensor.owner = std::move(held);
  return tensor;
}

Port port_of(std::string name, const Ort::TypeInfo& info) {
  Port port{.name = std::move(name), .type = {}};
  if (info.GetONNXType() != ONNX_TYPE_TENSOR) {
    port.type.container = name_of(info.GetONNXType());
    return port;
  }
  const auto tensor = info.GetTensorTypeAndShapeInfo();
  port.type.element = static_cast<ElementType>(tensor.GetElementType());
  std::vector<const char*> symbols(tensor.GetDimensionsCount());
  tensor.GetSymbolicDimensions(symbols.data(), symbols.size());
  std::vector<onnx::Dimension>& dims = port.type.dims.emplace();
  for (const std::int64_t size : tensor.GetShape()) {
    if (size >= 0) {
      dims.push_back({.size = size, .symbol = {}});
    } else {
      dims.push_back({.size = {}, .symbol = symbols[dims.size()]});
    }
  }
  return port;
}

std::string sentence_of(const Ort::Exception& error) {
  std::string_view text = error.what();
  // "/onnxruntime_src/.../graph.cc:149 void onnxruntime::Graph::f(...) What is wrong"
  if (text.starts_with("/onnxruntime_src/")) {
    const auto end = text.rfind(") ");
    if (end != std::string_view::npos) text.remove_prefix(end + 2);
  }
  std::string line;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else {
      line += c;
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace convoy::engine
