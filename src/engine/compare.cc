#include "engine/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>

namespace convoy::engine {
namespace {

using onnx::ElementType;

double distance(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return 0;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::infinity();
  return a == b ? 0 : std::abs(a - b);  // infinities minus themselves would be NaN
}

template <class T>
double distance(std::complex<T> a, std::complex<T> b) {
  return std::max(distance(double{a.real()}, double{b.real()}),
                  distance(double{a.imag()}, double{b.imag()}));
}

// The largest distance of the elements, each of `T` and made a number by `number`.
template <class T, class Number>
double largest(const SharedTensor& a, const SharedTensor& b, Number number) {
  double most = 0;
  for (std::size_t at = 0; at + sizeof(T) <= a.data.size(); at += sizeof(T)) {
    T x;
    T y;
    std::memcpy(&x, &a.data[at], sizeof(T));
    std::memcpy(&y, &b.data[at], sizeof(T));
    most = std::max(most, distance(number(x), number(y)));
  }
  return most;
}

template <class T>
double largest(const SharedTensor& a, const SharedTensor& b) {
  return largest<T>(a, b, [](T value) { return static_cast<double>(value); });
}

// Of two elements in each byte; the unused half of the last byte must not count.
template <class Number>
double largest_of_nibbles(const SharedTensor& a, const SharedTensor& b, Number number) {
  std::int64_t count = 1;
  for (const std::int64_t dim : a.dims) count *= dim;
  double most = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto element = [i, &number](const SharedTensor& tensor) -> double {
      const auto byte = std::to_integer<unsigned>(tensor.data[static_cast<std::size_t>(i / 2)]);
      return number((byte >> (i % 2 * 4)) & 0xFU);
    };
    most = std::max(most, distance(element(a), element(b)));
  }
  return most;
}

// A small float: sign, exponent, mantissa; the exponent 0 is subnormal. Not its NaNs and infinities.
double small_float(unsigned bits, int exponent_bits, int mantissa_bits, int bias) {
  const int exponent = static_cast<int>(bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = static_cast<int>(bits) & ((1 << mantissa_bits) - 1);
  const bool is_negative = (bits >> (exponent_bits + mantissa_bits)) & 1U;
  const int whole = exponent == 0 ? mantissa : mantissa + (1 << mantissa_bits);
  const double size = std::ldexp(whole, std::max(exponent, 1) - bias - mantissa_bits);
  return is_negative ? -size : size;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double e4m3fn(std::uint8_t bits) { return (bits & 0x7F) == 0x7F ? kNan : small_float(bits, 4, 3, 7); }
double e4m3fnuz(std::uint8_t bits) { return bits == 0x80 ? kNan : small_float(bits, 4, 3, 8); }
double e5m2fnuz(std::uint8_t bits) { return bits == 0x80 ? kNan : small_float(bits, 5, 2, 16); }
double e5m2(std::uint8_t bits) {
  if ((bits & 0x7F) > 0x7C) return kNan;
  if (bits == 0x7C) return std::numeric_limits<double>::infinity();
  if (bits == 0xFC) return -std::numeric_limits<double>::infinity();
  return small_float(bits, 5, 2, 15);
}

std::optional<double> max_abs(const SharedTensor& a, const SharedTensor& b) {
  using Complex64 = std::complex<float>;
  using Complex128 = std::complex<double>;
  const auto itself = [](auto value) { return value; };
  switch (a.type) {
    case ElementType::undefined:
    case ElementType::string:
      return std::nullopt;
    case ElementType::float32:
      return largest<float>(a, b);
    case ElementType::float64:
      return largest<double>(a, b);
    case ElementType::float16:
      return largest<_Float16>(a, b);
    case ElementType::bfloat16:
      return largest<__bf16>(a, b);
    case ElementType::uint8:
    case ElementType::boolean:
      return largest<std::uint8_t>(a, b);
    case ElementType::int8:
      return largest<std::int8_t>(a, b);
    case ElementType::uint16:
      return largest<std::uint16_t>(a, b);
    case ElementType::int16:
      return largest<std::int16_t>(a, b);
    case ElementType::uint32:
      return largest<std::uint32_t>(a, b);
    case ElementType::int32:
      return largest<std::int32_t>(a, b);
    case ElementType::uint64:
      return largest<std::uint64_t>(a, b);
    case ElementType::int64:
      return largest<std::int64_t>(a, b);
    case ElementType::complex64:
      return largest<Complex64>(a, b, itself);
    case ElementType::complex128:
      return largest<Complex128>(a, b, itself);
    case ElementType::float8e4m3fn:
      return largest<std::uint8_t>(a, b, e4m3fn);
    case ElementType::float8e4m3fnuz:
      return largest<std::uint8_t>(a, b, e4m3fnuz);
    case ElementType::float8e5m2:
      return largest<std::uint8_t>(a, b, e5m2);
    case ElementType::float8e5m2fnuz:
      return largest<std::uint8_t>(a, b, e5m2fnuz);
    case ElementType::uint4:
      return largest_of_nibbles(a, b, [](unsigned bits) { return bits; });
    case ElementType::int4:
      return largest_of_nibbles(a, b, [](unsigned bits) { return static_cast<int>(bits ^ 8U) - 8; });
    case ElementType::float4e2m1:
      return largest_of_nibbles(a, b, [](unsigned bits) { return small_float(bits, 2, 1, 1); });
  }
  return std::nullopt;
}

}  // namespace

Difference larger(const Difference& a, const Difference& b) {
  return {.identical = a.identical && b.identical,
          .max_abs = a.max_abs && b.max_abs ? std::optional(std::max(*a.max_abs, *b.max_abs))
                                            : std::nullopt};
}

std::string to_text(const Difference& difference) {
  if (difference.identical) return "identical, bit for bit";
  if (!difference.max_abs) return "differs in type, dimensions or words";
  return fmt::format("differs by at most {:g}", *difference.max_abs);
}

Difference compare(const SharedTensor& a, const SharedTensor& b) {
  if (a.sequence || b.sequence) {
    if (!a.sequence || !b.sequence || a.sequence->size() != b.sequence->size()) {
      return {.identical = false, .max_abs = std::nullopt};
    }
    Difference largest;
    for (std::size_t i = 0; i < a.sequence->size(); ++i) {
      largest = larger(largest, compare((*a.sequence)[i], (*b.sequence)[i]));
    }
    return largest;
  }
  const bool comparable =
      a.type == b.type && a.dims == b.dims && a.data.size() == b.data.size();
  if (comparable && std::ranges::equal(a.data, b.data) && a.strings == b.strings) return {};
  return {.identical = false, .max_abs = comparable ? max_abs(a, b) : std::nullopt};
}

}  // namespace convoy::engine
