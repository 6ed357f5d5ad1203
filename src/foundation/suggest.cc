#include "foundation/suggest.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace convoy {
namespace {

// Levenshtein distance: insertions, deletions and substitutions cost 1.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

std::string suggest(std::string_view wrong, std::span<const std::string> known) {
  if (known.empty()) return "";
  const auto nearest = std::ranges::min_element(
      known, {}, [&](const std::string& name) { return edit_distance(wrong, name); });
  if (edit_distance(wrong, *nearest) <= std::max<std::size_t>(2, wrong.size() / 4)) {
    return fmt::format("; did you mean \"{}\"?", *nearest);
  }
  constexpr std::size_t kMost = 12;
  const auto shown = known.first(std::min(known.size(), kMost));
  return fmt::format("; known: {}{}", fmt::join(shown, ", "), known.size() > kMost ? ", ..." : "");
}

}  // namespace convoy
