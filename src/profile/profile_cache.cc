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
                                   const std::string& model_sha256, const fleet::Device& device,
                                   std::span<const engine::SharedTensor> inputs) {
  // Line ends separate.
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", model_sha256, device.name, device.address,
                  device.cores, device.memory.value(), device.provider, shapes_of(inputs),
                  engine::runtime_version());
  return cache / (sha256_of_text(key) + ".json");
}

std::optional<DeviceProfile> find_profile(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::nullopt;
  Result<Profile> profile = parse_profile(*text);
  if (!profile || profile->devices.size() != 1) return std::nullopt;
  return std::move(profile->devices[0]);
}

Result<void> keep_profile(const std::filesystem::path& file, const DeviceProfile& profile) {
  std::error_code problem;
  std::filesystem::create_directories(file.parent_path(), problem);
  if (problem) {
    return fail(ErrorKind::failure, "cannot make {}: {}", file.parent_path().string(),
                problem.message());
  }
  return write_file(file, to_json({.model_sha256 = {},
                                   .runtime_version = engine::runtime_version(),
                                   .values = {},
                                   .devices = {profile}}));
}

}  // namespace convoy::profile
