// Finding the files that job files name.
#pragma once

#include <filesystem>
#include <string>

#include "foundation/error.h"

namespace convoy::bench {

// A path as a YAML file spells it. Relative ones are tried against the current folder, then the
// folder of the file that names them, then that folder's parents: so "./examples/..." works from
// anywhere inside a tree. The error says where it stands (`place`, "job.yaml:8") and what was tried.
[[nodiscard]] Result<std::filesystem::path> locate(const std::string& path,
                                                   const std::filesystem::path& named_in,
                                                   const std::string& place);

}  // namespace convoy::bench
