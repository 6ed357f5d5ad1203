#include "bench/locate.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace convoy::bench {

namespace fs = std::filesystem;

Result<fs::path> locate(const std::string& path, const fs::path& named_in,
                        const std::string& place) {
  if (path.empty()) return fail(ErrorKind::input, "{}: an empty path", place);
  std::error_code ignored;
  std::vector<std::string> tried;
  const auto exists_at = [&](const fs::path& candidate) {
    const std::string name = candidate.lexically_normal().string();
    if (std::ranges::find(tried, name) == tried.end()) tried.push_back(name);
    return fs::exists(candidate, ignored);
  };
  if (fs::path(path).is_absolute()) {
    if (exists_at(path)) return fs::path(path).lexically_normal();
  } else {
    if (const fs::path here = fs::current_path(ignored) / path; exists_at(here)) {
      return here.lexically_normal();
    }
    for (fs::path folder = fs::absolute(named_in, ignored).parent_path();;
         folder = folder.parent_path()) {
      if (exists_at(folder / path)) return (folder / path).lexically_normal();
      if (folder == folder.root_path() || folder.empty()) break;
    }
  }
  return fail(ErrorKind::input, "{}: no file \"{}\"; tried {}", place, path,
              fmt::join(tried, ", "));
}

}  // namespace convoy::bench
