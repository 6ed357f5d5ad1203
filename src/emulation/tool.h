// Running the system's own tools (`ip`, `tc`), without a shell.
#pragma once

#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::emulation {

// Runs a program of the PATH with `input` on its standard input and waits for it. An error when it
// is missing or fails, with the first line of what it said.
[[nodiscard]] Result<void> run_tool(const std::vector<std::string>& arguments,
                                    const std::string& input = "");

}  // namespace convoy::emulation
