#include "foundation/cache_folder.h"

#include <cstdlib>
#include <system_error>

namespace convoy {
namespace {

// A variable of the environment, empty when unset.
std::filesystem::path variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::filesystem::path cache_folder() {
  if (auto folder = variable("CONVOY_CACHE"); !folder.empty()) return folder;
  if (auto folder = variable("XDG_CACHE_HOME"); !folder.empty()) return folder / "convoy";
  std::error_code problem;
  // A user who is nobody in particular has a home that does not exist.
  if (auto folder = variable("HOME"); std::filesystem::is_directory(folder, problem)) {
    return folder / ".cache" / "convoy";
  }
  const auto folder = std::filesystem::temp_directory_path(problem);
  return (problem ? std::filesystem::path(".") : folder) / "convoy-cache";
}

}  // namespace convoy
