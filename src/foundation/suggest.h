// The nearest known name to a mistyped one, for error messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace convoy {

// "; did you mean \"bandwidth\"?" when a known name is close, else "; known: a, b, c" (at most 12),
// or "" when nothing is known. To be appended to an error sentence.
[[nodiscard]] std::string suggest(std::string_view wrong, std::span<const std::string> known);

}  // namespace convoy
