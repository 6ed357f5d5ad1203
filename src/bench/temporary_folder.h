// A folder for one test, removed behind it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace convoy::bench {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryFolder(TemporaryFolder&&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Writes a file, making folders on the way, and returns where it lies.
  std::filesystem::path write(const std::string& name, const std::string& contents) const {
    const std::filesystem::path file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << contents;
    return file;
  }

 private:
  std::filesystem::path path_;
};

// Ianvs' own example files, which lie beside the source tree where the developers have them.
inline std::filesystem::path ianvs_fixtures() {
  const char* given = std::getenv("CONVOY_FIXTURES");
  return std::filesystem::path(given != nullptr ? given : CONVOY_SOURCE_DIR "/../shared/fixtures") /
         "ianvs";
}

}  // namespace convoy::bench
