// What a fuzzer gives, as a file: our readers take paths.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace convoy {

// A folder of this process in the system's temporary folder; put that in memory (TMPDIR=/dev/shm).
inline const std::filesystem::path& fuzz_folder() {
  static const std::filesystem::path folder = [] {
    auto path = std::filesystem::temp_directory_path() / ("convoy-fuzz-" + std::to_string(getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder;
}

inline std::filesystem::path input_file(const char* name, const std::uint8_t* data, std::size_t size) {
  std::filesystem::path file = fuzz_folder() / name;
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return file;
}

}  // namespace convoy
