// What a model costs on each device of a fleet, measured there or known from an earlier time.
#pragma once

#include <filesystem>
#include <span>

#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "profile/profile.h"

namespace convoy::emulation {

enum class Reuse { kept, nothing };

// Profiles the optimised model `file` on the fleet's devices under their limits, memory apart: a
// device too small for the whole model may still run a part. `program` is convoy itself, run as a
// worker. What is measured is kept in `cache`; with Reuse::kept, nothing is measured when all
// devices are found there.
[[nodiscard]] Result<profile::Profile> fleet_profile(const std::filesystem::path& file,
                                                     std::span<const engine::SharedTensor> inputs,
                                                     const fleet::Fleet& fleet,
                                                     const std::filesystem::path& program,
                                                     const std::filesystem::path& cache,
                                                     Reuse reuse);

}  // namespace convoy::emulation
