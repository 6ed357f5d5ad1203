#include "engine/sample.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <utility>

#include "foundation/suggest.h"

namespace convoy::engine {
namespace {

using onnx::ElementType;
using Random = std::mt19937_64;

template <class T>
void fill_normal(std::span<std::byte> bytes, Random& random) {
  std::normal_distribution<double> normal;
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    const T value = static_cast<T>(normal(random));
    std::memcpy(&bytes[at], &value, sizeof(T));
  }
}

template <class T>
void fill_bits(std::span<std::byte> bytes, Random& random, T one) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    const T value = random() % 2 == 0 ? T{} : one;
    std::memcpy(&bytes[at], &value, sizeof(T));
  }
}

// Two elements a byte; the last byte of an odd number has a half that is 0 or 1 as well, unread.
void fill_nibbles(std::span<std::byte> bytes, Random& random, unsigned one) {
  for (std::byte& pair : bytes) {
    const auto bits = random();
    pair = static_cast<std::byte>((bits % 2) * one | ((bits / 2 % 2) * one) << 4U);
  }
}

void fill(ElementType type, std::span<std::byte> bytes, Random& random) {
  switch (type) {
    case ElementType::undefined:
    case ElementType::string:
      return;
    case ElementType::float32:
    case ElementType::complex64:
      return fill_normal<float>(bytes, random);
    case ElementType::float64:
    case ElementType::complex128:
      return fill_normal<double>(bytes, random);
    case ElementType::float16:
      return fill_normal<_Float16>(bytes, random);
    case ElementType::bfloat16:
      return fill_normal<__bf16>(bytes, random);
    case ElementType::boolean:
    case ElementType::uint8:
    case ElementType::int8:
      return fill_bits<std::uint8_t>(bytes, random, 1);
    case ElementType::uint16:
    case ElementType::int16:
      return fill_bits<std::uint16_t>(bytes, random, 1);
    case ElementType::uint32:
    case ElementType::int32:
      return fill_bits<std::uint32_t>(bytes, random, 1);
    case ElementType::uint64:
    case ElementType::int64:
      return fill_bits<std::uint64_t>(bytes, random, 1);
    // 1.0 of the 8- and 4-bit floats: the exponent is the bias (7, 8, 15, 16, 1), the rest 0.
    case ElementType::float8e4m3fn:
      return fill_bits<std::uint8_t>(bytes, random, 7 << 3);
    case ElementType::float8e4m3fnuz:
      return fill_bits<std::uint8_t>(bytes, random, 8 << 3);
    case ElementType::float8e5m2:
      return fill_bits<std::uint8_t>(bytes, random, 15 << 2);
    case ElementType::float8e5m2fnuz:
      return fill_bits<std::uint8_t>(bytes, random, 16 << 2);
    case ElementType::uint4:
    case ElementType::int4:
      return fill_nibbles(bytes, random, 1);
    case ElementType::float4e2m1:
      return fill_nibbles(bytes, random, 1 << 1);
  }
}

Result<SharedTensor> sample(const Port& port, const std::map<std::string, std::int64_t>& sizes,
                            Random& random) {
  if (port.type.element == ElementType::undefined) {
    return fail(ErrorKind::input, "input \"{}\" is {}; a sample can only be made for tensors",
                port.name, onnx::to_text(port.type));
  }
  if (!port.type.dims) {
    return fail(ErrorKind::input,
                "input \"{}\" has no known rank, so no sample can be made; give it as a file",
                port.name);
  }
  onnx::Tensor tensor{.type = port.type.element, .dims = {}, .data = {}, .strings = {}};
  for (const onnx::Dimension& dim : *port.type.dims) {
    const auto given = sizes.find(dim.symbol);
    tensor.dims.push_back(dim.size                 ? *dim.size
                          : given != sizes.end() ? given->second
                                                   : 1);
  }
  const bool is_text = port.type.element == ElementType::string;
  const std::optional<Bytes> bytes =
      onnx::bytes_of(is_text ? ElementType::uint8 : tensor.type, tensor.dims);
  if (!bytes) {
    return fail(ErrorKind::input, "input \"{}\" would be too large for this machine", port.name);
  }
  const auto size = static_cast<std::size_t>(bytes->value());
  if (is_text) {
    tensor.strings.assign(size, "convoy");
  } else {
    tensor.data.resize(size);
    fill(tensor.type, tensor.data, random);
  }
  return share(std::move(tensor));
}

Result<void> check_symbols(const std::vector<Port>& ports,
                           const std::map<std::string, std::int64_t>& sizes) {
  std::vector<std::string> known;
  for (const Port& port : ports) {
    if (!port.type.dims) continue;
    for (const onnx::Dimension& dim : *port.type.dims) {
      if (!dim.size && !dim.symbol.empty()) known.push_back(dim.symbol);
    }
  }
  for (const auto& [symbol, size] : sizes) {
    if (!std::ranges::contains(known, symbol)) {
      return fail(ErrorKind::input, "no input has a dimension named \"{}\"{}", symbol,
                  suggest(symbol, known));
    }
    if (size < 0) return fail(ErrorKind::input, "dimension \"{}\" is negative: {}", symbol, size);
  }
  return {};
}

}  // namespace

std::vector<Port> inputs_of(const onnx::Graph& graph) {
  std::vector<Port> ports;
  for (const ValueId input : graph.inputs) {
    const onnx::Value& value = graph.values[input];
    ports.push_back({.name = value.name, .type = value.type, .required = !value.weight});
  }
  std::ranges::stable_partition(ports, &Port::required);
  return ports;
}

Result<std::vector<Port>> with_items(std::vector<Port> ports, std::int64_t items) {
  const auto first = std::ranges::find_if(ports, &Port::required);
  if (first == ports.end()) return fail(ErrorKind::input, "the model has no input that has items");
  if (!first->type.dims || first->type.dims->empty()) {
    return fail(ErrorKind::input, "the first input, \"{}\", has no dimension for items: it is {}",
                first->name, onnx::to_text(first->type));
  }
  const onnx::Dimension batch = first->type.dims->front();
  if (batch.size == items) return ports;
  if (batch.size) {
    return fail(
        ErrorKind::input,
        "the model takes {} items a request, not {}: the first dimension of its input \"{}\" "
        "is fixed",
        *batch.size, items, first->name);
  }
  for (Port& port : ports) {
    if (!port.type.dims) continue;
    for (onnx::Dimension& dim : *port.type.dims) {
      const bool is_first = &dim == &port.type.dims->front();
      if (!dim.size && dim.symbol == batch.symbol && (is_first || !dim.symbol.empty())) {
        dim = {.size = items, .symbol = ""};
      }
    }
  }
  return ports;
}

Result<std::vector<SharedTensor>> sample_inputs(const std::vector<Port>& ports,
                                                const std::map<std::string, std::int64_t>& dims,
                                                std::uint64_t seed) {
  if (auto known = check_symbols(ports, dims); !known) return std::unexpected(known.error());
  Random random(seed);
  std::vector<SharedTensor> inputs;
  for (const Port& port : ports) {
    if (!port.required) continue;
    Result<SharedTensor> tensor = sample(port, dims, random);
    if (!tensor) return std::unexpected(tensor.error());
    inputs.push_back(std::move(*tensor));
  }
  return inputs;
}

}  // namespace convoy::engine
