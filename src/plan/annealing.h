// Simulated annealing over assignments of units to devices.
#pragma once

#include <cstdint>
#include <functional>

#include "plan/assignment_loads.h"
#include "plan/contraction.h"

namespace convoy::plan {

struct AnnealingOptions {
  std::int64_t moves = 1'000'000;
  double hottest = 0.03;    // how much longer a period may get by one move that is taken, at first
  double coldest = 0.0003;  // and at last
  std::uint64_t seed = 1;
  std::function<bool()> stop = [] { return false; };  // asked every thousand moves
};

// Moves units, alone and in clusters that share nets, to devices of neighbours or any (Kirkpatrick
// et al., Science 220, 1983; the energy is the power sum of all loads). Calls `better` whenever the
// period has become shorter than any before; devices keep within their memory if they did at first.
void anneal(AssignmentLoads& loads, const Contraction& contraction, std::size_t devices,
            const AnnealingOptions& options, const std::function<void()>& better);

}  // namespace convoy::plan
