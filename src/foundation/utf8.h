// Text as Unicode.
#pragma once

#include <cstddef>
#include <string_view>

namespace convoy {

// Bytes of the UTF-8 sequence with which a text begins; 0 if it is not valid (RFC 3629, section 4).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace convoy
