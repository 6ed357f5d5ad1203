// Text for HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace convoy {

// Text between tags or in a quoted attribute. Bytes that are no text in XML are dropped, what is no
// UTF-8 becomes U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace convoy
