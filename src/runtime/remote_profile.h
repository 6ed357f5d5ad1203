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

// What the optimised model `file` costs on every device of the fleet. Whole runs are measured in a
// pipeline of one stage; nodes on the device itself, or here and without limits if it is emulated
// here. Devices are measured side by side where this machine has the cores and the memory for all
// that are emulated here, else one after the other. Weights that are apart are in FILE.data.
// Workers are left running. `stop`, which several threads call, ends it early, with error kind
// cancelled.
[[nodiscard]] Result<profile::Profile> profile_fleet(
    const std::filesystem::path& file, std::span<const engine::SharedTensor> inputs,
    const fleet::Fleet& fleet, WorkerHost& host, const std::function<bool()>& stop = nullptr);

}  // namespace convoy::runtime
