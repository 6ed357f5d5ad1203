// The planning problems of Tarnawski et al., "Efficient Algorithms for Device Placement of DNN
// Graph Operators", NeurIPS 2020.
#pragma once

#include <filesystem>

#include "foundation/error.h"
#include "plan/plan.h"
#include "plan/problem.h"

namespace convoy::plan {

// A throughput input: accelerators that all are alike and cannot compute while they transfer, and
// CPUs, on which transfers cost nothing. A value costs each accelerator that makes or reads it so
// much once (multicast). Nodes of one colour run on one device; backward nodes mirror the forward
// ones.
//
// Figures are in milliseconds there, in seconds here; a transfer of a nanosecond is a byte here.
// Their memory is the sum of the nodes' sizes alone. Sizes and memories are a million times as
// large here, so that what evaluate() adds for values that are alive does not count.
[[nodiscard]] Result<Problem> read_msr(const std::filesystem::path& file);

// A plan of a problem, as their human experts wrote it down: node ids by accelerator and CPU.
[[nodiscard]] Result<Placement> read_msr_plan(const std::filesystem::path& file,
                                              const Problem& problem);

}  // namespace convoy::plan
