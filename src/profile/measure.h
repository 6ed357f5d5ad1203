// Measuring a model here, in this process, under whatever limits the process has.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "engine/session.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "profile/profile.h"

namespace convoy::profile {

struct MeasureOptions {
  int threads = 1;
  int warm_up = 3;
  int min_runs = 6;
  Seconds budget{3.0};       // two thirds to time whole runs, one third to profile
  double speed = 1.0;        // below 1: the process stretches itself to this share of a core
                             // (where no quota could be set): after each run it sleeps until the
                             // start of the run + the thread's processor time / speed
};

// Runs the optimised model `file` on `inputs` again and again: first timed whole, then profiled.
// Runs follow one another without a gap, as in a pipeline that is full: under a quota a run after a
// pause is faster than it can stay. Fills in everything of a DeviceProfile but the device's name and
// source; `stage_overhead` is what a call takes before and after the nodes.
[[nodiscard]] Result<DeviceProfile> measure(const std::filesystem::path& file,
                                            std::span<const engine::SharedTensor> inputs,
                                            const MeasureOptions& options);

// Bytes of every value of the model's main graph that a run on `inputs` makes or reads: one run
// under the profiler, which sees all sizes. Sequences and what is not made are left out.
[[nodiscard]] Result<std::map<std::string, Bytes>> measure_values(
    const std::filesystem::path& file, std::span<const engine::SharedTensor> inputs);

}  // namespace convoy::profile
