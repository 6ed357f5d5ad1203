// Running the system's own tools (`ip`, `tc`), without a shell.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::emulation {

// Runs a program of the PATH with `input` on its standard input and waits for it. An error when it
// is missing or fails, with the first line of what it said.
[[nodiscard]] Result<void> run_tool(const std::vector<std::string>& arguments,
                                    const std::string& input = "");

// Starts such a program in a process group of its own, which Ctrl-C in the terminal does not reach.
// It reads from the file `in`, and writes all that it says to `out`. Whoever starts it waits for
// it.
[[nodiscard]] Result<pid_t> start_tool(const std::vector<std::string>& arguments, int in, int out);

}  // namespace convoy::emulation
