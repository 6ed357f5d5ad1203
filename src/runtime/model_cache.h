// The folder in which a worker keeps the models it was sent, by their hash.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"
#include "onnx/data_piece.h"

namespace convoy::runtime {

// A model by its contents: its file, and the one with its weights if they are apart.
struct ModelFiles {
  std::string sha256;
  std::string data_file;    // the name by which the model knows it; empty: none
  std::string data_sha256;

  friend bool operator==(const ModelFiles&, const ModelFiles&) = default;
};

struct ModelCacheOptions {
  std::filesystem::path folder;
  std::string owner;            // the worker: what it has received of a file is its own until then
  Bytes limit{20'000'000'000};  // of all files
};

// Of one thread, but for find(). Writes only below its folder: a name that is no sha256 is refused.
// Several workers of different names may share one. When a new file would pass the limit, those
// that were used longest ago go first.
class ModelCache {
 public:
  // Makes the folder if need be.
  [[nodiscard]] static Result<ModelCache> open(const ModelCacheOptions& options);

  // How many of the bytes of a file of `total` are here; the sender goes on from there. Makes room
  // for the others, but not at the cost of a file in `kept`. Error: there is none, by the limit or
  // on the disk.
  [[nodiscard]] Result<std::uint64_t> offer(const std::string& sha256, std::uint64_t total,
                                            const std::set<std::string>& kept = {});
  // Appends to a file that is not complete yet. `offset` must be what is held. When `total` bytes
  // are here the file is complete.
  [[nodiscard]] Result<void> append(const std::string& sha256, std::uint64_t offset,
                                    std::span<const std::byte> bytes, std::uint64_t total);
  // Which pieces of a file are in complete files that are here, by their numbers, from what is held
  // of it on: these can be copied. Once it is complete, too, others can have its pieces.
  [[nodiscard]] Result<std::vector<std::uint32_t>> known_pieces(
      const std::string& sha256, std::span<const onnx::DataPiece> pieces);
  // As append(), of one of these. Error: it is not here any more, or not what it was.
  [[nodiscard]] Result<void> copy(const std::string& sha256, std::uint64_t offset,
                                  const onnx::DataPiece& piece, std::uint64_t total);
  // A complete model whose files have those hashes, ready to be loaded. A file that has another hash
  // is removed, and an error.
  [[nodiscard]] Result<std::filesystem::path> find(const ModelFiles& model);

 private:
  ModelCache(std::filesystem::path folder, std::string tag, Bytes limit)
      : folder_(std::move(folder)), tag_(std::move(tag)), limit_(limit) {}
  [[nodiscard]] Result<void> make_room(std::uint64_t bytes, const std::set<std::string>& kept);
  [[nodiscard]] Result<std::filesystem::path> check(const std::string& sha256);
  [[nodiscard]] std::filesystem::path complete(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path partial(const std::string& sha256) const;
  [[nodiscard]] std::filesystem::path list_of_pieces(const std::string& sha256) const;
  void find_pieces();

  // Where a piece begins in a complete file.
  struct Place {
    std::string file;  // sha256
    std::uint64_t offset = 0;
  };

  std::filesystem::path folder_;
  std::string tag_;  // the owner, fit for file names
  Bytes limit_;
  std::map<std::string, Place> pieces_;       // by their sha256
  std::map<std::string, std::string> lists_;  // of files that are not complete yet
};

}  // namespace convoy::runtime
