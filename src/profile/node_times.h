// From a profiler's log to what each node costs.
#pragma once

#include <map>
#include <string>

#include "engine/profiler_log.h"
#include "foundation/units.h"

namespace convoy::profile {

// What was measured of whole runs, without the profiler.
struct WholeRun {
  Seconds wall{0};  // of one run, pauses by a quota included
  Seconds cpu{0};   // processor time of one run, over all threads
  int threads = 1;
};

// Time of each node, scaled so that all nodes together take `run.wall - call`.
// A quota pauses whatever node is running: now this one, now that one. Where the fastest quarter of
// each node's runs is free of pauses (together they take no longer than the processor time of a run)
// its mean says how the nodes compare. Where nodes are too long to escape the pauses, the mean of all
// runs does: pauses hit nodes in proportion to their length.
[[nodiscard]] std::map<std::string, Seconds> node_times(const engine::ProfilerLog& log,
                                                        const WholeRun& run, Seconds call);

}  // namespace convoy::profile
