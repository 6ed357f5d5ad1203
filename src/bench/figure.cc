#include "bench/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "foundation/units.h"

namespace convoy::bench {

std::string_view name_of(FigureSource source) {
  switch (source) {
    case FigureSource::measured: return "measured";
    case FigureSource::emulated: return "emulated";
    case FigureSource::modelled: return "modelled";
    case FigureSource::not_measured: return "not measured";
  }
  return "";
}

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::none: return "";
    case Unit::share: return "share";
    case Unit::per_second: return "1/s";
    case Unit::seconds: return "s";
    case Unit::bytes: return "B";
    case Unit::watts: return "W";
  }
  return "";
}

Figure not_measured(std::string name, std::string why) {
  return {.name = std::move(name), .note = std::move(why)};
}

const Figure* find(const std::vector<Figure>& figures, std::string_view name) {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  return found == figures.end() ? nullptr : &*found;
}

std::string to_text(const Figure& figure) {
  if (!figure.value) return "not measured";
  const double value = *figure.value;
  switch (figure.unit) {
    case Unit::share: return fmt::format("{:.1f} %", 100 * value);
    case Unit::seconds: return convoy::to_text(Seconds(value));
    case Unit::bytes: return convoy::to_text(Bytes(std::llround(value)));
    case Unit::watts: return convoy::to_text(Watts(value));
    case Unit::per_second:
    case Unit::none:
      break;
  }
  const double magnitude = std::abs(value);
  return fmt::format("{:.{}f}", value, magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2);
}

std::string to_cell(const Figure& figure) {
  return figure.value ? fmt::format("{:.6g}", *figure.value) : "not measured";
}

}  // namespace convoy::bench
