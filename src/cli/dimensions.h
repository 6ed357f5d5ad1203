// --dim NAME=N, as commands that make sample inputs take it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::cli {

// Sizes of symbolic dimensions by name.
using Dimensions = std::map<std::string, std::int64_t>;

// Errors: not NAME=N, or a size below 1.
[[nodiscard]] Result<Dimensions> parse_dimensions(const std::vector<std::string>& texts);

}  // namespace convoy::cli
