// The profiles of PipeDream (Narayanan et al., SOSP 2019) as planning problems.
#pragma once

#include <cstddef>
#include <filesystem>

#include "foundation/error.h"
#include "foundation/units.h"
#include "plan/problem.h"

namespace convoy::plan {

// The forward pass of a profiled graph on so many equal devices, which cannot compute while they
// transfer. Memory is not limited. Lines of the file are nodes ("node1 -- Conv2d(...) --
// forward_compute_time=1.5, ..., activation_size=[1.0; 2.0], ..."; times in ms, sizes in bytes) and
// edges ("node1 -- node2", indented).
[[nodiscard]] Result<Problem> read_pipedream(const std::filesystem::path& file, std::size_t devices,
                                             BytesPerSecond bandwidth);

}  // namespace convoy::plan
