// Where convoy itself lies, to start workers with.
#pragma once

#include <filesystem>
#include <system_error>

namespace convoy::cli {

// Its path, or if it was replaced in the meantime the kernel's link to what still runs.
inline std::filesystem::path this_program() {
  const std::filesystem::path link = "/proc/self/exe";
  std::error_code problem;
  const auto file = std::filesystem::read_symlink(link, problem);
  return !problem && std::filesystem::exists(file, problem) ? file : link;
}

}  // namespace convoy::cli
