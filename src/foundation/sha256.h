// SHA-256, by which files are known to be the same.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy {

// 64 hexadecimal digits, as `sha256sum` prints them. Streams: the size of the file does not matter.
[[nodiscard]] Result<std::string> sha256_of(const std::filesystem::path& file);

// The same of a text.
[[nodiscard]] std::string sha256_of_text(std::string_view text);

}  // namespace convoy
