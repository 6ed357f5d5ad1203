#include "foundation/markup.h"

#include <fmt/format.h>

#include <algorithm>

#include "foundation/utf8.h"

namespace convoy {

std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    switch (const char c = text.front()) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default:
        if (length == 0) {
          safe += "\xEF\xBF\xBD";
        } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
          safe += text.substr(0, length);
        }
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

namespace {

constexpr std::size_t kColours = 8;

bool begins_letter(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

}  // namespace

std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_letter));
}

std::string shortened(std::string_view text, std::size_t most) {
  const std::size_t all = letters(text);
  if (all <= most) return std::string(text);
  const auto place = [&](std::size_t letter) {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at) {
      if (begins_letter(text[at]) && seen++ == letter) break;
    }
    return at;
  };
  return fmt::format("{}…{}", text.substr(0, place(most / 2 - 1)),
                     text.substr(place(all - most / 2)));
}

std::string drawing_colours(std::string_view css_class) {
  return fmt::format(R"(<style>
.{0}{{--ink:#1c2530;--faint:#5d6874;--edge:#8a94a0;--paper:#fff;--alarm:#c2410c;
--p0:#dbe8fd;--p1:#fde3cf;--p2:#d3f0e2;--p3:#eedcf7;--p4:#f8eec4;--p5:#d2eff2;--p6:#fbd9df;
--p7:#e3e6ea}}
@media(prefers-color-scheme:dark){{.{0}{{--ink:#e6eaf0;--faint:#a3aebb;--edge:#75828f;
--paper:#12171d;--alarm:#fb923c;--p0:#1f3a66;--p1:#6b3d17;--p2:#17523a;--p3:#532a66;--p4:#5c4d10;
--p5:#17505a;--p6:#6a2634;--p7:#3a434d}}}}
</style>)",
                     css_class);
}

std::string drawing_colour(std::size_t part) { return fmt::format("var(--p{})", part % kColours); }

}  // namespace convoy
