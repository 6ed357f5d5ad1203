// Where convoy itself lies, to start workers with.
#pragma once

#include <filesystem>
#include <system_error>

namespace convoy::cli {

// As the kernel says.
inline std::filesystem::path this_program() {
  std::error_code problem;
  const auto file = std::filesystem::read_symlink("/proc/self/exe", problem);
  return problem ? "/proc/self/exe" : file;
}

}  // namespace convoy::cli
