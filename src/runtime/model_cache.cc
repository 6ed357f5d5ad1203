#include "runtime/model_cache.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

#include "foundation/sha256.h"

namespace convoy::runtime {
namespace {

Result<void> check_name(const std::string& sha256) {
  const bool hex = std::ranges::all_of(
      sha256, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (sha256.size() != 64 || !hex) {
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

}  // namespace

Result<ModelCache> ModelCache::open(const std::filesystem::path& folder) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make the folder {}: {}", folder.string(),
                problem.message());
  }
  return ModelCache(folder);
}

std::filesystem::path ModelCache::complete(const std::string& sha256) const {
  return folder_ / (sha256 + ".onnx");
}

// A worker's own, as two of them may receive the same file at once.
std::filesystem::path ModelCache::partial(const std::string& sha256) const {
  return folder_ / (sha256 + "." + std::to_string(::getpid()) + ".part");
}

Result<std::uint64_t> ModelCache::held(const std::string& sha256) const {
  if (auto fine = check_name(sha256); !fine) return std::unexpected(fine.error());
  return std::max(size_of(complete(sha256)), size_of(partial(sha256)));
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
  }
  if (!stream || problem) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return fail(ErrorKind::failure, "cannot write {}: {}", file.string(),
                problem ? problem.message() : "disk full or folder not writable");
  }
  return {};
}

Result<std::filesystem::path> ModelCache::check(const std::string& sha256) {
  if (auto fine = check_name(sha256); !fine) return std::unexpected(fine.error());
  const std::filesystem::path file = complete(sha256);
  const Result<std::string> found = sha256_of(file);
  if (!found) return std::unexpected(found.error());
  if (*found != sha256) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return fail(ErrorKind::failure, "the model that arrived has the hash {} instead of {}", *found,
                sha256);
  }
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
    }
  }
  if (problem && problem != std::errc::file_exists) {
    return fail(ErrorKind::failure, "cannot lay a model out in {}: {}", folder.string(),
                problem.message());
  }
  return folder / "model.onnx";
}

}  // namespace convoy::runtime
