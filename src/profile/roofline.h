// What nodes should cost where nothing was measured, by the roofline model: a node takes as long as
// its arithmetic or its memory traffic does, whichever is longer (Williams, Waterman, Patterson:
// "Roofline: an insightful visual performance model", CACM 52(4), 2009).
#pragma once

#include <filesystem>

#include "engine/shared_tensor.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "onnx/work.h"
#include "profile/profile.h"

namespace convoy::profile {

// What a device reaches at most, all its cores together.
struct Roofs {
  FlopsPerSecond flops;
  BytesPerSecond memory_bandwidth;
};

[[nodiscard]] Seconds roofline(const onnx::Work& work, const Roofs& roofs);

// The profile of the optimised model `file` on every device of the fleet by its `flops` and
// `memory_bandwidth`, source estimated. Runs the model here once on `inputs`, which need all that
// it requires, to see how large its values are. Stages have no overhead; a worker needs as much
// memory as here. Errors: devices that lack one of the two, each with what it lacks; those of the
// run.
[[nodiscard]] Result<Profile> estimate_fleet(const std::filesystem::path& file,
                                             const engine::NamedTensors& inputs,
                                             const fleet::Fleet& fleet);

}  // namespace convoy::profile
