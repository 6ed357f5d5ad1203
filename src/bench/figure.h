// One number of a report, and where it comes from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoy::bench {

enum class FigureSource {
  measured,      // observed on what it is about
  emulated,      // observed on processes that stand for the devices
  modelled,      // computed from a description
  not_measured,  // `note` says why
};
[[nodiscard]] std::string_view name_of(FigureSource source);

enum class Unit { none, share, per_second, seconds, bytes, watts };
// "", "share", "1/s", "s", "B", "W"
[[nodiscard]] std::string_view name_of(Unit unit);

struct Figure {
  std::string name;             // "fps"
  std::optional<double> value;  // in the base unit; absent exactly when not measured
  Unit unit = Unit::none;
  FigureSource source = FigureSource::not_measured;
  std::string note;             // why not measured, or what to know about it

  friend bool operator==(const Figure&, const Figure&) = default;
};

[[nodiscard]] Figure not_measured(std::string name, std::string why);

[[nodiscard]] const Figure* find(const std::vector<Figure>& figures, std::string_view name);

// For people: "12.4", "91.7 %", "41.2 MB"; "not measured" without a value.
[[nodiscard]] std::string to_text(const Figure& figure);

// For files: the number in its base unit, six significant digits; "not measured" without a value.
[[nodiscard]] std::string to_cell(const Figure& figure);

}  // namespace convoy::bench
