// Pieces of HTML and SVG.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace convoy::bench {

// Text between tags or in a quoted attribute. Bytes that are no text in XML are dropped.
[[nodiscard]] inline std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') safe += c;
    }
  }
  return safe;
}

}  // namespace convoy::bench
