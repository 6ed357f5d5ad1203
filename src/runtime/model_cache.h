// The folder in which a worker keeps the models it was sent, by their hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "foundation/error.h"

namespace convoy::runtime {

// Writes only below its folder: a name that is no sha256 is refused. Several workers may share one.
class ModelCache {
 public:
  // Makes the folder if need be.
  [[nodiscard]] static Result<ModelCache> open(const std::filesystem::path& folder);

  // How many of the file's bytes are here; the sender goes on from there.
  [[nodiscard]] Result<std::uint64_t> held(const std::string& sha256) const;
  // Appends to a file that is not complete yet. `offset` must be what is held. When `total` bytes
  // are here the file is complete.
  [[nodiscard]] Result<void> append(const std::string& sha256, std::uint64_t offset,
                                    std::span<const std::byte> bytes, std::uint64_t total);
  // A complete file whose contents have that hash. One that has not is removed, and an error.
  [[nodiscard]] Result<std::filesystem::path> find(const std::string& sha256);

 private:
  explicit ModelCache(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::filesystem::path complete(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path partial(const std::string& sha256) const;

  std::filesystem::path folder_;
};

}  // namespace convoy::runtime
