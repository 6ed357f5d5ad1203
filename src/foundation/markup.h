// Text and colours for HTML and SVG.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace convoy {

// Text between tags or in a quoted attribute. Bytes that are no text in XML are dropped, what is no
// UTF-8 becomes U+FFFD.
[[nodiscard]] std::string escaped(std::string_view text);

// Letters of a text, as far as it is UTF-8.
[[nodiscard]] std::size_t letters(std::string_view text);

// A text of at most so many letters, 3 or more: a longer one loses its middle.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

// The colours of drawings, light or dark as the reader is, as a <style> for SVG elements of a
// class:
// --ink, --faint, --edge, --paper, --alarm, and of parts drawing_colour().
[[nodiscard]] std::string drawing_colours(std::string_view css_class);
// A fill, one for each part or stage in turn.
[[nodiscard]] std::string drawing_colour(std::size_t part);

}  // namespace convoy
