// Files that are read whole, or appear whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy {

// The contents of a file. Errors tell a missing file, a folder and an unreadable file apart.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& file);

// Writes aside and renames: whoever looks sees the old contents or the new, never half of them.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& file, std::string_view contents);

// Error unless files can be made in a folder, which may itself have to be made first. Nothing stays.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& folder);

// A file or folder that is written aside, in the folder of its target. It takes the target's place
// at commit(); what was written is removed if it never comes to that.
class Aside {
 public:
  explicit Aside(std::filesystem::path target);
  Aside(Aside&& other) noexcept;
  Aside& operator=(Aside&&) = delete;
  ~Aside();

  // Where to write.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Replaces a file of the target's name, or an empty folder.
  [[nodiscard]] Result<void> commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;  // empty once committed or moved from
};

}  // namespace convoy
