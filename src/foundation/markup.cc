#include "foundation/markup.h"

#include <cstddef>

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

}  // namespace convoy
