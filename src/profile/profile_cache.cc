#include "profile/profile_cache.h"

#include <fmt/ranges.h>

#include <system_error>
#include <utility>

#include "engine/session.h"
#include "foundation/file.h"
#include "foundation/sha256.h"

namespace convoy::profile {
namespace {

// "1x3x224x224,1"
std::string shapes_of(std::span<const engine::SharedTensor> inputs) {
  std::vector<std::string> shapes;
  for (const engine::SharedTensor& input : inputs) {
    shapes.push_back(fmt::format("{}", fmt::join(input.dims, "x")));
  }
  return fmt::format("{}", fmt::join(shapes, ","));
}

}  // namespace

std::filesystem::path kept_profile(const std::filesystem::path& cache,
                                   const std::string& model_sha256, const fleet::Fleet& fleet,
                                   std::span<const engine::SharedTensor> inputs) {
  // Line ends separate.
  std::string key = fmt::format("{}\n{}\n{}", model_sha256, shapes_of(inputs),
                                engine::runtime_version());
  for (const fleet::Device& device : fleet.devices) {
    key += fmt::format("\n{}\n{}\n{}\n{}\n{}", device.name, device.address, device.cores,
                       device.memory.value(), device.provider);
  }
  return cache / (sha256_of_text(key) + ".json");
}

std::optional<Profile> find_profile(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::nullopt;
  Result<Profile> profile = parse_profile(*text, file.string());
  if (!profile) return std::nullopt;
  return *std::move(profile);
}

Result<void> keep_profile(const std::filesystem::path& file, const Profile& profile) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make {}: {}", file.parent_path().string(),
                problem.message());
  }
  return write_file(file, to_json(profile));
}

}  // namespace convoy::profile
