// The folder in which a worker keeps the models it was sent, by their hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "foundation/error.h"

namespace convoy::runtime {

// A model by its contents: its file, and the one with its weights if they are apart.
struct ModelFiles {
  std::string sha256;
  std::string data_file;    // the name by which the model knows it; empty: none
  std::string data_sha256;
};

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
  // A complete model whose files have those hashes, ready to be loaded. A file that has another hash
  // is removed, and an error.
  [[nodiscard]] Result<std::filesystem::path> find(const ModelFiles& model);

 private:
  explicit ModelCache(std::filesystem::path folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<std::filesystem::path> check(const std::string& sha256);
  [[nodiscard]] std::filesystem::path complete(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path partial(const std::string& sha256) const;

  std::filesystem::path folder_;
};

}  // namespace convoy::runtime
