// Quantities with their unit in the type, read from and written for people.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy {

// A number of one unit. Adds and compares with its own kind, scales by plain numbers.
template <class Tag, class Rep>
class Quantity {
 public:
  using rep = Rep;
  constexpr Quantity() = default;
  constexpr explicit Quantity(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator*(Quantity a, Rep factor) {
    return Quantity(a.value_ * factor);
  }
  friend constexpr Quantity operator*(Rep factor, Quantity a) { return a * factor; }
  friend constexpr Quantity operator/(Quantity a, Rep divisor) {
    return Quantity(a.value_ / divisor);
  }
  // The plain ratio of two quantities of one unit.
  friend constexpr double operator/(Quantity a, Quantity b) {
    return static_cast<double>(a.value_) / static_cast<double>(b.value_);
  }
  constexpr Quantity& operator+=(Quantity other) {
    value_ += other.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity other) {
    value_ -= other.value_;
    return *this;
  }

 private:
  Rep value_ = 0;
};

using Bytes = Quantity<struct BytesTag, std::int64_t>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag, double>;
using FlopsPerSecond = Quantity<struct FlopsPerSecondTag, double>;
using Hertz = Quantity<struct HertzTag, double>;
using Watts = Quantity<struct WattsTag, double>;
using Joules = Quantity<struct JoulesTag, double>;
using Seconds = std::chrono::duration<double>;

constexpr Seconds operator/(Bytes bytes, BytesPerSecond rate) {
  return Seconds(static_cast<double>(bytes.value()) / rate.value());
}
constexpr Joules operator*(Watts power, Seconds time) {
  return Joules(power.value() * time.count());
}

// A number with its unit, as people write it in devices.yaml: "512 MiB", "40 Mbit/s", "3 ms",
// "4.5 W", "2.6 GHz". Without a unit the number is taken in `bare`, the unit that Ianvs' own files
// mean there ("MB", "Mbit/s", "GHz"). MB is 10^6 bytes, MiB 2^20. A negative number, or a unit of
// another kind, is an error that says which units would do; the caller adds the place.
[[nodiscard]] Result<Bytes> parse_bytes(std::string_view text, std::string_view bare = "B");
[[nodiscard]] Result<BytesPerSecond> parse_bandwidth(std::string_view text,
                                                     std::string_view bare = "Mbit/s");
[[nodiscard]] Result<Seconds> parse_duration(std::string_view text, std::string_view bare = "s");
[[nodiscard]] Result<Watts> parse_power(std::string_view text, std::string_view bare = "W");
[[nodiscard]] Result<Hertz> parse_frequency(std::string_view text, std::string_view bare = "GHz");
[[nodiscard]] Result<FlopsPerSecond> parse_flops(std::string_view text,
                                                 std::string_view bare = "GFLOP/s");

// For people, three significant digits: "14.2 MB", "40.0 Mbit/s", "3.20 ms", "4.50 W".
[[nodiscard]] std::string to_text(Bytes bytes);
[[nodiscard]] std::string to_text(BytesPerSecond rate);
[[nodiscard]] std::string to_text(Seconds time);
[[nodiscard]] std::string to_text(Watts power);
[[nodiscard]] std::string to_text(Joules energy);

}  // namespace convoy
