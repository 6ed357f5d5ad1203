// The system's C++ compiler, for plug-ins.
#pragma once

#include <filesystem>

#include "foundation/error.h"

namespace convoy::bench {

// The shared object of a plug-in's C++ file, compiled on first use by $CXX or c++ and kept in
// `cache` by what the file and all it includes say, and the compiler's version. Errors: no compiler;
// the source does not compile (its first error, and where all of them stand).
[[nodiscard]] Result<std::filesystem::path> compile_plugin(const std::filesystem::path& source,
                                                           const std::filesystem::path& cache);

}  // namespace convoy::bench
