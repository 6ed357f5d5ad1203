// What a model costs on each device of a fleet, measured there or known from an earlier time.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "emulation/local_host.h"
#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/cache_folder.h"
#include "foundation/error.h"
#include "profile/profile.h"

namespace convoy::emulation {

enum class Reuse { kept, nothing };

struct FleetProfileOptions {
  Surroundings surroundings;
  // What is measured is kept there.
  std::filesystem::path cache = cache_folder() / "profiles";
  Reuse reuse = Reuse::nothing;       // kept: measure nothing if this fleet's profile is there
  std::function<bool()> stop{};       // ends it early, with error kind cancelled
};

// Profiles the optimised model `file` on the fleet's devices under their limits, memory apart: a
// device too small for the whole model may still run a part.
[[nodiscard]] Result<profile::Profile> fleet_profile(const std::filesystem::path& file,
                                                     std::span<const engine::SharedTensor> inputs,
                                                     const fleet::Fleet& fleet,
                                                     const FleetProfileOptions& options);

}  // namespace convoy::emulation
