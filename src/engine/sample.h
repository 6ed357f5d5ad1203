// Inputs for a model when the user gives none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/session.h"

namespace convoy::engine {

// Seeded inputs for the required ports: floats from N(0, 1), integers 0 or 1, strings fixed. A
// symbolic or unknown dimension becomes `dims[symbol]` if given, else 1; unknown rank is an error
// that names the input.
[[nodiscard]] Result<std::vector<SharedTensor>> sample_inputs(
    const std::vector<Port>& ports, const std::map<std::string, std::int64_t>& dims,
    std::uint64_t seed);

}  // namespace convoy::engine
