// Measuring a model here, in this process, under whatever limits the process has.
#pragma once

#include <filesystem>
#include <map>
#include <span>

#include "engine/session.h"
#include "profile/profile.h"

namespace convoy::profile {

struct MeasureOptions {
  int threads = 1;
  int warm_up = 3;
  int min_runs = 10;
  Seconds budget{3.0};       // stops after this once min_runs are done
  double speed = 1.0;        // below 1: the process stretches itself to this share of a core
                             // (where no quota could be set); times are stretched accordingly
};

// Runs the optimised model `file` on `inputs` again and again: first timed whole, then profiled.
// Fills in everything of a DeviceProfile but the device's name and source.
[[nodiscard]] Result<DeviceProfile> measure(const std::filesystem::path& file,
                                            std::span<const engine::SharedTensor> inputs,
                                            const MeasureOptions& options);

// Bytes of every value of the model's main graph during a run on `inputs`: one run with all values
// as outputs.
[[nodiscard]] Result<std::map<std::string, Bytes>> measure_values(
    const std::filesystem::path& file, std::span<const engine::SharedTensor> inputs);

}  // namespace convoy::profile
