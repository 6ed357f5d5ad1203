#include "emulation/fleet_profile.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulation/local_host.h"
#include "engine/session.h"
#include "foundation/sha256.h"
#include "profile/measure.h"
#include "profile/profile_cache.h"
#include "runtime/remote_profile.h"

namespace convoy::emulation {
namespace {

namespace fs = std::filesystem;

// All of them, or nothing.
std::optional<std::vector<profile::DeviceProfile>> find_all(const std::vector<fs::path>& kept) {
  std::vector<profile::DeviceProfile> found;
  for (const fs::path& file : kept) {
    auto device = profile::find_profile(file);
    if (!device) return std::nullopt;
    found.push_back(*std::move(device));
  }
  return found;
}

}  // namespace

Result<profile::Profile> fleet_profile(const fs::path& file,
                                       std::span<const engine::SharedTensor> inputs,
                                       const fleet::Fleet& fleet, const fs::path& program,
                                       const fs::path& cache, Reuse reuse) {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());
  std::vector<fs::path> kept;
  for (const fleet::Device& device : fleet.devices) {
    kept.push_back(profile::kept_profile(cache, *sha256, device, inputs));
  }
  if (reuse == Reuse::kept) {
    if (auto found = find_all(kept)) {
      auto values = profile::measure_values(file, inputs);
      if (!values) return std::unexpected(values.error());
      return profile::Profile{.model_sha256 = *sha256,
                              .runtime_version = engine::runtime_version(),
                              .values = *std::move(values),
                              .devices = *std::move(found)};
    }
  }
  auto host = make_local_host(fleet, program, MemoryLimit::ignored);
  if (!host) return std::unexpected(host.error());
  auto measured = runtime::profile_fleet(file, inputs, fleet, **host);
  (*host)->stop_all();
  if (!measured) return measured;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (auto done = profile::keep_profile(kept[i], measured->devices[i]); !done) {
      return std::unexpected(done.error());
    }
  }
  return measured;
}

}  // namespace convoy::emulation
