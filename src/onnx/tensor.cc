#include "onnx/tensor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

#include <onnx/onnx-data_pb.h>

#include "foundation/file.h"
#include "onnx/model_proto.h"
#include "onnx/npy.h"

namespace convoy::onnx {

static_assert(std::endian::native == std::endian::little, "tensors are kept as files store them");

namespace {

struct ElementFacts {
  ElementType type;
  std::string_view name;
  int bits;
};

constexpr ElementFacts element_facts[] = {
    {ElementType::undefined, "undefined", 0},
    {ElementType::float32, "float32", 32},
    {ElementType::uint8, "uint8", 8},
    {ElementType::int8, "int8", 8},
    {ElementType::uint16, "uint16", 16},
    {ElementType::int16, "int16", 16},
    {ElementType::int32, "int32", 32},
    {ElementType::int64, "int64", 64},
    {ElementType::string, "string", 0},
    {ElementType::boolean, "bool", 8},
    {ElementType::float16, "float16", 16},
    {ElementType::float64, "float64", 64},
    {ElementType::uint32, "uint32", 32},
    {ElementType::uint64, "uint64", 64},
    {ElementType::complex64, "complex64", 64},
    {ElementType::complex128, "complex128", 128},
    {ElementType::bfloat16, "bfloat16", 16},
    {ElementType::float8e4m3fn, "float8e4m3fn", 8},
    {ElementType::float8e4m3fnuz, "float8e4m3fnuz", 8},
    {ElementType::float8e5m2, "float8e5m2", 8},
    {ElementType::float8e5m2fnuz, "float8e5m2fnuz", 8},
    {ElementType::uint4, "uint4", 4},
    {ElementType::int4, "int4", 4},
    {ElementType::float4e2m1, "float4e2m1", 4},
};

const ElementFacts& facts_of(ElementType type) {
  const auto index = static_cast<std::size_t>(type);
  return index < std::size(element_facts) ? element_facts[index] : element_facts[0];
}

// Elements, or nothing when a dimension is negative or the product overflows.
std::optional<std::int64_t> count_of(const std::vector<std::int64_t>& dims) {
  std::int64_t count = 1;
  bool overflow = false;
  bool zero = false;
  for (const std::int64_t dim : dims) {
    if (dim < 0) return std::nullopt;
    zero |= dim == 0;
    overflow |= __builtin_mul_overflow(count, dim, &count);
  }
  if (zero) return 0;
  return overflow ? std::nullopt : std::optional(count);
}

// Appends each number of a typed field as `Stored`, the width that the element has in memory.
template <class Stored, class Field>
void append_as(const Field& field, std::vector<std::byte>& data) {
  data.resize(static_cast<std::size_t>(field.size()) * sizeof(Stored));
  std::byte* out = data.data();
  for (const auto number : field) {
    const auto stored = static_cast<Stored>(number);
    std::memcpy(out, &stored, sizeof(Stored));
    out += sizeof(Stored);
  }
}

// The elements that stand in the typed fields of a TensorProto instead of raw_data (onnx.proto says
// which type uses which field).
std::vector<std::byte> typed_data(const proto::TensorProto& tensor, ElementType type) {
  std::vector<std::byte> data;
  switch (type) {
    case ElementType::float32:
    case ElementType::complex64:
      append_as<float>(tensor.float_data(), data);
      break;
    case ElementType::float64:
    case ElementType::complex128:
      append_as<double>(tensor.double_data(), data);
      break;
    case ElementType::int64:
      append_as<std::int64_t>(tensor.int64_data(), data);
      break;
    case ElementType::uint64:
      append_as<std::uint64_t>(tensor.uint64_data(), data);
      break;
    case ElementType::uint32:
      append_as<std::uint32_t>(tensor.uint64_data(), data);
      break;
    case ElementType::int32:
      append_as<std::int32_t>(tensor.int32_data(), data);
      break;
    default:
      // All narrower types travel in int32_data; 4-bit types already packed, two to a number.
      if (bits_of(type) == 16) {
        append_as<std::uint16_t>(tensor.int32_data(), data);
      } else {
        append_as<std::uint8_t>(tensor.int32_data(), data);
      }
  }
  return data;
}

Result<NamedTensor> from_proto(const proto::TensorProto& tensor) {
  NamedTensor result{.name = tensor.name(), .tensor = {}};
  Tensor& out = result.tensor;
  out.type = static_cast<ElementType>(tensor.data_type());
  if (out.type == ElementType::undefined || facts_of(out.type).type != out.type) {
    return fail(ErrorKind::input, "holds no tensor (element type {})", tensor.data_type());
  }
  if (tensor.data_location() == proto::TensorProto::EXTERNAL || tensor.has_segment()) {
    return fail(ErrorKind::input, "the tensor \"{}\" keeps its data elsewhere; save it in one piece",
                tensor.name());
  }
  out.dims.assign(tensor.dims().begin(), tensor.dims().end());
  const std::optional<std::int64_t> count = count_of(out.dims);
  if (!count) return fail(ErrorKind::input, "the tensor \"{}\" has impossible dimensions", tensor.name());
  if (out.type == ElementType::string) {
    if (tensor.string_data_size() != *count) {
      return fail(ErrorKind::input, "the tensor \"{}\" holds {} strings, its dimensions need {}",
                  tensor.name(), tensor.string_data_size(), *count);
    }
    out.strings.assign(tensor.string_data().begin(), tensor.string_data().end());
    return result;
  }
  const std::optional<Bytes> bytes = bytes_of(out.type, out.dims);
  if (!bytes) return fail(ErrorKind::input, "the tensor \"{}\" has impossible dimensions", tensor.name());
  if (tensor.has_raw_data()) {
    const auto raw = std::as_bytes(std::span(tensor.raw_data()));
    out.data.assign(raw.begin(), raw.end());
  } else {
    out.data = typed_data(tensor, out.type);
  }
  if (static_cast<std::int64_t>(out.data.size()) != bytes->value()) {
    return fail(ErrorKind::input, "the tensor \"{}\" holds {} bytes, its dimensions need {}",
                tensor.name(), out.data.size(), bytes->value());
  }
  return result;
}

Result<NamedTensor> from_proto(const proto::SequenceProto& sequence) {
  if (sequence.elem_type() != proto::SequenceProto::TENSOR) {
    return fail(ErrorKind::input, "holds a sequence of other things than tensors");
  }
  NamedTensor result{.name = sequence.name(), .tensor = {}};
  std::vector<Tensor>& elements = result.tensor.sequence.emplace();
  for (const proto::TensorProto& element : sequence.tensor_values()) {
    auto tensor = from_proto(element);
    if (!tensor) return tensor;
    elements.push_back(std::move(tensor->tensor));
  }
  return result;
}

Result<NamedTensor> from_proto(const proto::OptionalProto& optional) {
  switch (optional.elem_type()) {
    case proto::OptionalProto::TENSOR:
      return from_proto(optional.tensor_value());
    case proto::OptionalProto::SEQUENCE:
      return from_proto(optional.sequence_value());
    case proto::OptionalProto::UNDEFINED:
      return fail(ErrorKind::input, "holds an optional that is absent; nothing can feed that to "
                  "ONNX Runtime");
    default:
      return fail(ErrorKind::input, "holds an optional of other things than tensors");
  }
}

template <class Proto>
Result<NamedTensor> parse_pb(const std::string& contents, std::string_view kind) {
  Proto parsed;
  if (!parsed.ParseFromString(contents)) {
    return fail(ErrorKind::input, "not a {}, or truncated", kind);
  }
  return from_proto(parsed);
}

Result<NamedTensor> parse_pb(const std::string& contents, std::string_view container) {
  if (container.starts_with("optional(")) {
    return parse_pb<proto::OptionalProto>(contents, "OptionalProto");
  }
  if (container.starts_with("seq(")) {
    return parse_pb<proto::SequenceProto>(contents, "SequenceProto");
  }
  return parse_pb<proto::TensorProto>(contents, "TensorProto");
}

proto::TensorProto to_proto(const std::string& name, const Tensor& tensor) {
  proto::TensorProto out;
  out.set_name(name);
  out.set_data_type(static_cast<std::int32_t>(tensor.type));
  out.mutable_dims()->Assign(tensor.dims.begin(), tensor.dims.end());
  if (tensor.type == ElementType::string) {
    for (const std::string& text : tensor.strings) out.add_string_data(text);
  } else {
    out.set_raw_data(tensor.data.data(), tensor.data.size());
  }
  return out;
}

proto::SequenceProto to_proto(const std::string& name, const std::vector<Tensor>& elements) {
  proto::SequenceProto out;
  out.set_name(name);
  out.set_elem_type(proto::SequenceProto::TENSOR);
  for (const Tensor& element : elements) *out.add_tensor_values() = to_proto("", element);
  return out;
}

Result<std::string> serialize(const google::protobuf::MessageLite& out) {
  if (out.ByteSizeLong() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return fail(ErrorKind::input, "it takes {} bytes, and a .pb file holds at most 2 GB; write a "
                ".npy file", out.ByteSizeLong());
  }
  return out.SerializeAsString();
}

Result<std::string> to_pb(const NamedTensor& named) {
  if (!named.tensor.sequence) return serialize(to_proto(named.name, named.tensor));
  const std::vector<Tensor>& elements = *named.tensor.sequence;
  if (std::ranges::any_of(elements, [](const Tensor& one) { return one.sequence.has_value(); })) {
    return fail(ErrorKind::input, "maps have no file of their own");
  }
  return serialize(to_proto(named.name, elements));
}

}  // namespace

std::string_view name_of(ElementType type) { return facts_of(type).name; }

int bits_of(ElementType type) { return facts_of(type).bits; }

std::optional<Bytes> bytes_of(ElementType type, const std::vector<std::int64_t>& dims) {
  const std::int64_t bits = bits_of(type);
  const std::optional<std::int64_t> count = count_of(dims);
  if (bits == 0 || !count) return std::nullopt;
  if (bits < 8) return Bytes(*count / 2 + *count % 2);
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(*count, bits / 8, &bytes)) return std::nullopt;
  return Bytes(bytes);
}

Result<NamedTensor> read_tensor(const std::filesystem::path& file, std::string_view container) {
  const std::filesystem::path extension = file.extension();
  if (extension != ".pb" && extension != ".npy") {
    return fail(ErrorKind::input, "{}: unknown kind of tensor file; known: .pb, .npy", file.string());
  }
  const Result<std::string> contents = read_file(file);
  if (!contents) return std::unexpected(contents.error());
  if (contents->empty()) return fail(ErrorKind::input, "{}: the file is empty", file.string());
  if (extension == ".npy") {
    Result<Tensor> tensor = parse_npy(*contents);
    if (!tensor) return within(file.string(), std::move(tensor.error()));
    return NamedTensor{.name = "", .tensor = *std::move(tensor)};
  }
  Result<NamedTensor> tensor = parse_pb(*contents, container);
  if (!tensor) return within(file.string(), std::move(tensor.error()));
  return tensor;
}

Result<void> write_tensor(const std::filesystem::path& file, const NamedTensor& tensor) {
  const std::filesystem::path extension = file.extension();
  Result<std::string> contents;
  if (extension == ".pb") {
    contents = to_pb(tensor);
  } else if (extension == ".npy") {
    contents = tensor.tensor.sequence
                   ? fail(ErrorKind::input, "a .npy file holds no sequence; write a .pb file")
                   : to_npy(tensor.tensor);
  } else {
    return fail(ErrorKind::input, "{}: unknown kind of tensor file; known: .pb, .npy", file.string());
  }
  if (!contents) return within(file.string(), std::move(contents.error()));
  return write_file(file, *contents);
}

}  // namespace convoy::onnx
