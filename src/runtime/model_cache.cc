#include "runtime/model_cache.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "foundation/file.h"
#include "foundation/sha256.h"

namespace convoy::runtime {
namespace {

constexpr std::size_t kHashChars = 64;
constexpr std::string_view kPieces = ".pieces";

Result<void> check_name(const std::string& sha256) {
  const bool hex = std::ranges::all_of(
      sha256, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (sha256.size() != kHashChars || !hex) {
    return fail(ErrorKind::failure, "\"{}\" is no SHA-256 in hexadecimal digits", sha256);
  }
  return {};
}

// Bytes of a file; nothing when it does not exist.
std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code missing;
  const auto size = std::filesystem::file_size(file, missing);
  return missing ? 0 : size;
}

// The hash that a file or folder of the cache begins with.
std::string hash_of(const std::filesystem::path& file) {
  return file.filename().string().substr(0, kHashChars);
}

// A file of the cache; or, with 0 bytes, a folder in which one is laid out (other names of files that
// are here) or a list of its pieces (short).
struct Entry {
  std::filesystem::path path;
  std::filesystem::file_time_type used;
  std::uint64_t bytes = 0;
};

std::vector<Entry> entries_of(const std::filesystem::path& folder) {
  std::vector<Entry> entries;
  std::error_code gone;  // by another worker
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone)) {
    if (!check_name(hash_of(entry.path()))) continue;  // not ours
    entries.push_back({entry.path(), entry.last_write_time(gone),
                       entry.is_directory(gone) || entry.path().extension() == kPieces
                           ? 0
                           : size_of(entry.path())});
  }
  return entries;
}

}  // namespace

Result<ModelCache> ModelCache::open(const ModelCacheOptions& options) {
  std::error_code problem;
  std::filesystem::create_directories(options.folder, problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make the folder {}: {}", options.folder.string(),
                problem.message());
  }
  return ModelCache(options.folder, sha256_of_text(options.owner).substr(0, 16), options.limit);
}

std::filesystem::path ModelCache::complete(const std::string& sha256) const {
  return folder_ / (sha256 + ".onnx");
}

std::filesystem::path ModelCache::partial(const std::string& sha256) const {
  return folder_ / (sha256 + "." + tag_ + ".part");
}

Result<std::uint64_t> ModelCache::offer(const std::string& sha256, std::uint64_t total,
                                        const std::set<std::string>& kept) {
  if (auto fine = check_name(sha256); !fine) return std::unexpected(fine.error());
  std::error_code ignored;
  for (const auto& file : {complete(sha256), partial(sha256)}) {
    const std::uint64_t held = size_of(file);
    // A file that is cut short, or too long, is not what its name says.
    const bool plausible = file == complete(sha256) ? held == total : held < total;
    if (held > 0 && plausible) {
      std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now(),
                                       ignored);
      if (file == complete(sha256)) return held;
      return make_room(total - held, kept).transform([&] { return held; });
    }
    std::filesystem::remove(file, ignored);
  }
  return make_room(total, kept).transform([] { return std::uint64_t{0}; });
}

Result<void> ModelCache::make_room(std::uint64_t bytes, const std::set<std::string>& kept) {
  const auto limit = static_cast<std::uint64_t>(limit_.value());
  std::vector<Entry> entries = entries_of(folder_);
  std::ranges::sort(entries, {}, &Entry::used);
  std::uint64_t sum = 0;
  for (const Entry& entry : entries) sum += entry.bytes;
  for (const Entry& entry : entries) {
    if (sum + bytes <= limit || bytes > limit) break;
    const std::string sha256 = hash_of(entry.path);
    if (entry.bytes == 0 || kept.contains(sha256)) continue;
    std::error_code ignored;
    // What belongs to it first: the disk is free only when all of its names are gone.
    for (const Entry& other : entries) {
      if (other.bytes == 0 && other.path.filename().string().contains(sha256)) {
        std::filesystem::remove_all(other.path, ignored);
      }
    }
    if (std::filesystem::remove(entry.path, ignored)) sum -= entry.bytes;
  }
  if (sum + bytes > limit) {
    return fail(ErrorKind::failure, "{} more do not fit into the cache {}, whose limit is {}",
                to_text(Bytes(static_cast<std::int64_t>(bytes))), folder_.string(),
                to_text(limit_));
  }
  std::error_code unknown;
  const auto space = std::filesystem::space(folder_, unknown);
  if (!unknown && space.available < bytes) {
    return fail(ErrorKind::failure, "{} more do not fit on the disk of {}, which has {} left",
                to_text(Bytes(static_cast<std::int64_t>(bytes))), folder_.string(),
                to_text(Bytes(static_cast<std::int64_t>(space.available))));
  }
  return {};
}

Result<void> ModelCache::append(const std::string& sha256, std::uint64_t offset,
                                std::span<const std::byte> bytes, std::uint64_t total) {
  if (auto fine = check_name(sha256); !fine) return fine;
  const std::filesystem::path file = partial(sha256);
  const std::uint64_t held = size_of(file);
  if (offset != held || bytes.size() > total - std::min(total, held)) {
    return fail(ErrorKind::failure, "bytes {} to {} of {} do not follow the {} that are here",
                offset, offset + bytes.size(), total, held);
  }
  std::ofstream stream(file, std::ios::binary | std::ios::app);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  stream.close();
  std::error_code problem;
  if (stream && held + bytes.size() == total) {
    std::filesystem::rename(file, complete(sha256), problem);
    // Without it the file is sent whole where a piece of it would do.
    if (const auto list = lists_.extract(sha256); !list.empty()) {
      [[maybe_unused]] const auto written = write_file(list_of_pieces(sha256), list.mapped());
    }
  }
  if (!stream || problem) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return fail(ErrorKind::failure, "cannot write {}: {}", file.string(),
                problem ? problem.message() : "disk full or folder not writable");
  }
  return {};
}

std::filesystem::path ModelCache::list_of_pieces(const std::string& sha256) const {
  return folder_ / fmt::format("{}{}", sha256, kPieces);
}

void ModelCache::find_pieces() {
  pieces_.clear();
  for (const Entry& entry : entries_of(folder_)) {
    const std::string file = hash_of(entry.path);
    if (entry.path.extension() != kPieces || size_of(complete(file)) == 0) continue;
    std::ifstream list(entry.path);
    std::uint64_t offset = 0;
    for (onnx::DataPiece piece; list >> piece.bytes >> piece.sha256; offset += piece.bytes) {
      pieces_.insert_or_assign(piece.sha256, Place{file, offset});
    }
  }
}

Result<std::vector<std::uint32_t>> ModelCache::known_pieces(
    const std::string& sha256, std::span<const onnx::DataPiece> pieces) {
  if (auto fine = check_name(sha256); !fine) return std::unexpected(fine.error());
  std::string list;
  for (const onnx::DataPiece& piece : pieces) {
    if (auto fine = check_name(piece.sha256); !fine) return std::unexpected(fine.error());
    list += fmt::format("{} {}\n", piece.bytes, piece.sha256);
  }
  lists_[sha256] = std::move(list);
  find_pieces();
  const std::uint64_t held = size_of(partial(sha256));
  std::vector<std::uint32_t> known;
  std::uint64_t begin = 0;
  for (std::uint32_t i = 0; const onnx::DataPiece& piece : pieces) {
    if (begin >= held && pieces_.contains(piece.sha256)) known.push_back(i);
    begin += piece.bytes;
    ++i;
  }
  return known;
}

Result<void> ModelCache::copy(const std::string& sha256, std::uint64_t offset,
                              const onnx::DataPiece& piece, std::uint64_t total) {
  const auto place = pieces_.find(piece.sha256);
  if (place != pieces_.end()) {
    std::vector<char> bytes(std::min(piece.bytes, onnx::kMostPieceBytes));
    std::ifstream stream(complete(place->second.file), std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(place->second.offset));
    stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (stream && sha256_of_text({bytes.data(), bytes.size()}) == piece.sha256) {
      return append(sha256, offset, std::as_bytes(std::span(bytes)), total);
    }
    std::error_code ignored;  // it is not told again
    std::filesystem::remove(list_of_pieces(place->second.file), ignored);
  }
  return fail(ErrorKind::failure, "the piece {} is not here any more", piece.sha256);
}

Result<std::filesystem::path> ModelCache::check(const std::string& sha256) {
  if (auto fine = check_name(sha256); !fine) return std::unexpected(fine.error());
  const std::filesystem::path file = complete(sha256);
  const Result<std::string> found = sha256_of(file);
  if (!found) return std::unexpected(found.error());
  if (*found != sha256) {
    std::error_code ignored;
    std::filesystem::remove(list_of_pieces(sha256), ignored);
    std::filesystem::remove(file, ignored);
    return fail(ErrorKind::failure, "the model that arrived has the hash {} instead of {}", *found,
                sha256);
  }
  std::error_code ignored;
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now(), ignored);
  return file;
}

Result<std::filesystem::path> ModelCache::find(const ModelFiles& model) {
  const auto file = check(model.sha256);
  if (!file || model.data_file.empty()) return file;
  const auto data = check(model.data_sha256);
  if (!data) return data;
  if (model.data_file != std::filesystem::path(model.data_file).filename() ||
      model.data_file.starts_with('.')) {
    return fail(ErrorKind::failure, "\"{}\" is no name for a file of weights", model.data_file);
  }
  // The model looks for its weights beside it, by name; both stay where they are too.
  const std::filesystem::path folder =
      folder_ / fmt::format("{}-{}", model.sha256, model.data_sha256);
  std::error_code problem;
  std::filesystem::create_directory(folder, problem);
  for (const auto& [from, name] : {std::pair(*file, std::string("model.onnx")),
                                   std::pair(*data, model.data_file)}) {
    if (!problem && !std::filesystem::exists(folder / name)) {
      std::filesystem::create_hard_link(from, folder / name, problem);
      if (problem == std::errc::file_exists) problem.clear();  // another worker was quicker
    }
  }
  if (problem) {
    return fail(ErrorKind::failure, "cannot lay a model out in {}: {}", folder.string(),
                problem.message());
  }
  return folder / "model.onnx";
}

}  // namespace convoy::runtime
