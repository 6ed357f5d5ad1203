// Profiling on the device itself.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "engine/session.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "profile/profile.h"
#include "runtime/pipeline.h"

namespace convoy::runtime {

// Lets every device of the fleet measure the optimised model `file` in its worker, those at once that
// do not share a core, and returns the profile. A device that is emulated here only times whole runs
// under its limits; its nodes and the sizes of values are measured here, without limits. Weights that
// are apart are in FILE.data. Workers are left running. `stop` ends it early, with error kind cancelled.
[[nodiscard]] Result<profile::Profile> profile_fleet(
    const std::filesystem::path& file, std::span<const engine::SharedTensor> inputs,
    const fleet::Fleet& fleet, WorkerHost& host, const std::function<bool()>& stop = nullptr);

}  // namespace convoy::runtime
