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
  Seconds budget{2.0};       // for the runs after the warm-up
};

// What the ends of runs say that followed one another without a gap: `run`, `spread` and `runs` of a
// profile. The first run is that between the first two ends; at least two ends.
[[nodiscard]] DeviceProfile summary_of(std::span<const Seconds> ends);

// Times whole runs of the optimised model `file` on `inputs`, without a gap, as in a pipeline that is
// full. Fills in what a DeviceProfile knows of whole runs.
[[nodiscard]] Result<DeviceProfile> measure_runs(const std::filesystem::path& file,
                                                 std::span<const engine::SharedTensor> inputs,
                                                 const MeasureOptions& options);

// What the nodes of a model cost beside one another, and how large the values are that they make.
struct NodeCosts {
  std::map<std::string, Seconds> nodes;  // by name
  Seconds call{0};                       // what a run takes before and after its nodes
  std::map<std::string, Bytes> values;   // that the main graph makes or reads; sequences and what is
                                         // not made are left out
};

// Runs `file` under the profiler. A node's time is that of its fastest runs. Under a CPU quota pauses
// fall on one node or another: measure nodes where there is none, and scale them.
[[nodiscard]] Result<NodeCosts> measure_nodes(const std::filesystem::path& file,
                                              std::span<const engine::SharedTensor> inputs,
                                              const MeasureOptions& options);

// Fills in what a DeviceProfile knows of nodes: costs that were measured there or on a faster or
// slower processor of the same kind, scaled so that all of them take what it computes in a run; the
// rest of the run is overhead, too.
void scale_nodes(DeviceProfile& device, const NodeCosts& costs, Seconds computing);

}  // namespace convoy::profile
