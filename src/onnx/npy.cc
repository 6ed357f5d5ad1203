#include "onnx/npy.h"

#include <charconv>
#include <cstring>
#include <span>

namespace convoy::onnx {

namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct NumpyType {
  std::string_view descr;
  ElementType type;
};

constexpr NumpyType numpy_types[] = {
    {"|b1", ElementType::boolean},   {"|i1", ElementType::int8},
    {"|u1", ElementType::uint8},     {"<i2", ElementType::int16},
    {"<u2", ElementType::uint16},    {"<i4", ElementType::int32},
    {"<u4", ElementType::uint32},    {"<i8", ElementType::int64},
    {"<u8", ElementType::uint64},    {"<f2", ElementType::float16},
    {"<f4", ElementType::float32},   {"<f8", ElementType::float64},
    {"<c8", ElementType::complex64}, {"<c16", ElementType::complex128},
};

// What follows `'key':` in the header, a Python dictionary on one line.
std::optional<std::string_view> entry(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = fmt::format("{}{}{}", quote, key, quote);
    const std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    header.remove_prefix(at + quoted.size());
    const std::size_t value = header.find_first_not_of(": ");
    if (value == std::string_view::npos) return std::nullopt;
    return header.substr(value);
  }
  return std::nullopt;
}

// "(2, 3)", "(2,)", "()".
std::optional<std::vector<std::int64_t>> parse_shape(std::string_view text) {
  if (!text.starts_with('(')) return std::nullopt;
  const std::size_t end = text.find(')');
  if (end == std::string_view::npos) return std::nullopt;
  text = text.substr(1, end - 1);
  std::vector<std::int64_t> dims;
  while (true) {
    const std::size_t start = text.find_first_not_of(", ");
    if (start == std::string_view::npos) return dims;
    text.remove_prefix(start);
    std::int64_t dim = 0;
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (code != std::errc() || dim < 0) return std::nullopt;
    dims.push_back(dim);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  }
}

Result<ElementType> parse_descr(std::string_view text) {
  const std::size_t end = text.size() < 2 ? std::string_view::npos : text.find(text[0], 1);
  const std::string_view descr =
      end == std::string_view::npos ? text.substr(0, 16) : text.substr(1, end - 1);
  for (const NumpyType& known : numpy_types) {
    if (descr == known.descr) return known.type;
  }
  if (descr.starts_with('>')) {
    return fail(ErrorKind::input, "numbers are stored big-endian (\"{}\"); save them with "
                "astype(\"<{}\")", descr, descr.substr(1));
  }
  return fail(ErrorKind::input, "element type \"{}\" has no counterpart in ONNX; save strings and "
              "objects as .pb", descr);
}

}  // namespace

Result<Tensor> parse_npy(std::string_view file) {
  if (!file.starts_with(magic)) return fail(ErrorKind::input, "not a .npy file");
  const std::unexpected<Error> truncated = fail(ErrorKind::input, "the .npy file is truncated");
  if (file.size() < magic.size() + 4) return truncated;
  const int version = static_cast<unsigned char>(file[magic.size()]);
  if (version < 1 || version > 3) {
    return fail(ErrorKind::input, "version {} of .npy is unknown; known: 1, 2, 3", version);
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  file.remove_prefix(magic.size() + 2);
  if (file.size() < length_bytes) return truncated;
  std::uint32_t header_size = 0;
  std::memcpy(&header_size, file.data(), length_bytes);
  file.remove_prefix(length_bytes);
  if (file.size() < header_size) return truncated;
  const std::string_view header = file.substr(0, header_size);
  file.remove_prefix(header_size);

  const auto descr = entry(header, "descr");
  const auto order = entry(header, "fortran_order");
  const auto shape = entry(header, "shape");
  const auto dims = shape ? parse_shape(*shape) : std::nullopt;
  if (!descr || !order || !dims) return fail(ErrorKind::input, "the header of the .npy file is broken");
  if (order->starts_with("True")) {
    return fail(ErrorKind::input, "the array is stored in Fortran order; save it with "
                "numpy.ascontiguousarray");
  }
  const Result<ElementType> type = parse_descr(*descr);
  if (!type) return std::unexpected(type.error());
  const std::optional<Bytes> bytes = bytes_of(*type, *dims);
  if (!bytes) return fail(ErrorKind::input, "the array has impossible dimensions");
  if (static_cast<std::int64_t>(file.size()) < bytes->value()) return truncated;
  if (static_cast<std::int64_t>(file.size()) > bytes->value()) {
    return fail(ErrorKind::input, "{} bytes follow the array in the .npy file",
                static_cast<std::int64_t>(file.size()) - bytes->value());
  }
  const auto raw = std::as_bytes(std::span(file));
  return Tensor{.type = *type, .dims = *dims, .data = {raw.begin(), raw.end()}, .strings = {}};
}

Result<std::string> to_npy(const Tensor& tensor) {
  std::string_view descr;
  for (const NumpyType& known : numpy_types) {
    if (known.type == tensor.type) descr = known.descr;
  }
  if (descr.empty()) {
    return fail(ErrorKind::input, "NumPy has no element type {}; write a .pb file",
                name_of(tensor.type));
  }
  std::string shape;
  for (const std::int64_t dim : tensor.dims) shape += fmt::format("{}, ", dim);
  if (tensor.dims.size() == 1) {
    shape.pop_back();
  } else if (!tensor.dims.empty()) {
    shape.resize(shape.size() - 2);
  }
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   descr, shape);
  // Data starts at a multiple of 64 bytes, as the format asks.
  const std::size_t before = magic.size() + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  const auto header_size = static_cast<std::uint16_t>(header.size());
  std::string file(magic);
  file += '\1';
  file += '\0';
  file.append(reinterpret_cast<const char*>(&header_size), sizeof(header_size));
  file += header;
  file.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
  return file;
}

}  // namespace convoy::onnx
