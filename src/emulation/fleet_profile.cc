#include "emulation/fleet_profile.h"

#include <string>
#include <utility>

#include "foundation/sha256.h"
#include "profile/profile_cache.h"
#include "runtime/remote_profile.h"

namespace convoy::emulation {

Result<profile::Profile> fleet_profile(const std::filesystem::path& file,
                                       std::span<const engine::SharedTensor> inputs,
                                       const fleet::Fleet& fleet,
                                       const FleetProfileOptions& options) {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());
  const auto kept = profile::kept_profile(options.cache, *sha256, fleet, inputs);
  if (options.reuse == Reuse::kept) {
    if (auto found = profile::find_profile(kept)) return *std::move(found);
  }
  auto host = make_local_host(fleet, options.surroundings, MemoryLimit::ignored);
  if (!host) return std::unexpected(host.error());
  auto measured = runtime::profile_fleet(file, inputs, fleet, **host, options.stop);
  (*host)->stop_all();
  if (!measured) return measured;
  if (auto done = profile::keep_profile(kept, *measured); !done) {
    return std::unexpected(done.error());
  }
  return measured;
}

}  // namespace convoy::emulation
