// A tensor in memory, without any library's type: what is read from files and sent between devices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"

namespace convoy::onnx {

// The values are those of ONNX's TensorProto.DataType, so they may be written to files and wires.
enum class ElementType : std::int32_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  complex64 = 14,
  complex128 = 15,
  bfloat16 = 16,
  float8e4m3fn = 17,
  float8e4m3fnuz = 18,
  float8e5m2 = 19,
  float8e5m2fnuz = 20,
  uint4 = 21,
  int4 = 22,
  float4e2m1 = 23,
};

// "float32", "int64", ...
[[nodiscard]] std::string_view name_of(ElementType type);

// Bits of one element; 0 for strings and undefined.
[[nodiscard]] int bits_of(ElementType type);

// Bytes of a dense tensor of these dimensions, 4-bit types packed two to a byte. Nothing when a
// dimension is negative, the product overflows or the type has no size.
[[nodiscard]] std::optional<Bytes> bytes_of(ElementType type, const std::vector<std::int64_t>& dims);

// Row-major, little-endian elements. Strings stand in `strings`, and `data` is then empty.
struct Tensor {
  ElementType type = ElementType::undefined;
  std::vector<std::int64_t> dims;  // empty: a scalar
  std::vector<std::byte> data;
  std::vector<std::string> strings;
  // A sequence of tensors, if it is that instead of one; all else is then empty.
  std::optional<std::vector<Tensor>> sequence = std::nullopt;

  friend bool operator==(const Tensor&, const Tensor&) = default;  // bit for bit
};

// A tensor with its name, as models name their inputs and outputs.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// ONNX's own test convention (`input_0.pb`: a TensorProto, or what `container` says, a SequenceProto
// or an OptionalProto that holds something) and NumPy's `.npy`, which has no name, by file
// extension. `container` is as in ValueType: "seq(tensor(float))".
[[nodiscard]] Result<NamedTensor> read_tensor(const std::filesystem::path& file,
                                              std::string_view container = "");
[[nodiscard]] Result<void> write_tensor(const std::filesystem::path& file, const NamedTensor& tensor);

}  // namespace convoy::onnx
