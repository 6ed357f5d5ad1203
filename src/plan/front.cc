#include "plan/front.h"

#include <algorithm>

#include "plan/evaluate.h"
#include "plan/objective.h"

namespace convoy::plan {
namespace {

constexpr double kRounding = 1e-9;

// Whether the first is nowhere worse, but for rounding.
bool as_good(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b, [](double x, double y) { return x <= y * (1 + kRounding); });
}

}  // namespace

bool Front::covers(const std::vector<double>& values) const {
  return std::ranges::any_of(points_,
                             [&](const Point& point) { return as_good(point.values, values); });
}

std::vector<double> Front::values_of(const Figures& figures) const {
  std::vector<double> values;
  for (const Objective objective : objectives_) values.push_back(value_of(figures, objective));
  return values;
}

bool Front::offer(Placement placement) {
  Figures figures = evaluate(*graph_, *fleet_, placement);
  return offer(std::move(placement), std::move(figures));
}

bool Front::offer(Placement placement, Figures figures) {
  std::vector<double> values = values_of(figures);
  if (covers(values) || !shortages(figures, *fleet_).empty()) return false;
  std::erase_if(points_, [&](const Point& point) { return as_good(values, point.values); });
  const auto at = std::ranges::lower_bound(points_, values, {}, &Point::values);
  points_.insert(at, {std::move(placement), std::move(figures), std::move(values)});
  return true;
}

}  // namespace convoy::plan
