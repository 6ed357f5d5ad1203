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
  if (tensor.sequence) return fmt::format("a sequence of {}", tensor.sequence->size());
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

// An element type in ONNX's words: "float", "int64".
std::string onnx_word(ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT) return "float";
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE) return "double";
  return std::string(onnx::name_of(static_cast<ElementType>(type)));
}

// "seq(tensor(float))", as ValueType::container.
template <class Info>
std::string container_of(const Info& info) {
  switch (info.GetONNXType()) {
    case ONNX_TYPE_TENSOR:
      return fmt::format("tensor({})", onnx_word(info.GetTensorTypeAndShapeInfo().GetElementType()));
    case ONNX_TYPE_SEQUENCE:
      return fmt::format("seq({})",
                         container_of(info.GetSequenceTypeInfo().GetSequenceElementType()));
    case ONNX_TYPE_OPTIONAL:
      return fmt::format("optional({})",
                         container_of(info.GetOptionalTypeInfo().GetOptionalElementType()));
    case ONNX_TYPE_MAP: {
      const auto map = info.GetMapTypeInfo();
      return fmt::format("map({},{})", onnx_word(map.GetMapKeyType()),
                         container_of(map.GetMapValueType()));
    }
    case ONNX_TYPE_SPARSETENSOR:
      return "sparse_tensor";
    default:
      return "value of a kind of its own";
  }
}

// The port of what "seq(...)" or "optional(...)" holds; `prefix` is the container's, up to the first
// bracket. A tensor inside may have any type and shape.
Port port_inside(const Port& port, std::string_view prefix) {
  Port element{.name = port.name, .type = {}};
  const std::string& container = port.type.container;
  const std::string inside = container.substr(prefix.size(), container.size() - prefix.size() - 1);
  if (!inside.starts_with("tensor(")) element.type.container = inside;
  return element;
}

Result<Ort::Value> elements_to_ort(const Port& port, const SharedTensor& value) {
  const bool is_map = port.type.container.starts_with("map(");
  // A map's keys and its values are tensors.
  const Port element = is_map ? Port{.name = port.name, .type = {}} : port_inside(port, "seq(");
  std::vector<Ort::Value> values;
  for (const SharedTensor& one : *value.sequence) {
    auto made = to_ort(element, one);
    if (!made) return made;
    values.push_back(*std::move(made));
  }
  if (is_map && values.size() == 2) return Ort::Value::CreateMap(values[0], values[1]);
  if (is_map || values.empty()) {
    return fail(ErrorKind::input, "input \"{}\": ONNX Runtime takes no {} from outside", port.name,
                is_map ? "such map" : "empty sequence");
  }
  return Ort::Value::CreateSequence(values);
}

// What keeps an output's bytes alive.
struct Held {
  Ort::Value value;
  std::shared_ptr<const void> keep;
};

}  // namespace

Result<Ort::Value> to_ort(const Port& port, const SharedTensor& tensor) {
  const std::string& container = port.type.container;
  if (container.starts_with("optional(")) return to_ort(port_inside(port, "optional("), tensor);
  if (tensor.sequence && (container.starts_with("seq(") || container.starts_with("map("))) {
    return elements_to_ort(port, tensor);
  }
  // Elements of a container are checked by ONNX Runtime.
  const bool is_element = port.type.element == ElementType::undefined && container.empty();
  if (tensor.sequence || !container.empty() ||
      (!is_element && tensor.type != port.type.element) ||
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
  if (!value.HasValue()) return SharedTensor{};
  const ONNXType kind = value.GetTypeInfo().GetONNXType();
  if (kind == ONNX_TYPE_SEQUENCE || kind == ONNX_TYPE_MAP) {
    SharedTensor sequence{.sequence = std::vector<SharedTensor>()};
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < value.GetCount(); ++i) {
      auto element = from_ort(port, value.GetValue(static_cast<int>(i), allocator), keep);
      if (!element) return element;
      sequence.sequence->push_back(*std::move(element));
    }
    return sequence;
  }
  if (kind != ONNX_TYPE_TENSOR) {
    return fail(ErrorKind::input, "output \"{}\" is a {}, which cannot be passed on", port.name,
                port.type.container);
  }
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
    port.type.container = container_of(info);
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
