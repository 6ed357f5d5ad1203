// What ONNX Runtime's profiler wrote.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"

namespace convoy::engine {

// What happened in one node during each run, bodies included.
struct NodeTiming {
  std::string node;   // as in the model that was loaded; convoy names all nodes before profiling
  std::string op;
  std::vector<Seconds> runs;  // one a run, in steps of a microsecond; 0 where it did not run
};

struct ProfilerLog {
  std::vector<Seconds> runs;      // whole runs as the profiler saw them
  std::vector<NodeTiming> nodes;  // in the order in which they first ran
};

// Reads the trace (JSON: an array of events). What a node of a body takes counts in the body's node
// as well as in the node that has the body. Errors say what is wrong with the trace.
[[nodiscard]] Result<ProfilerLog> parse_profiler_log(std::istream& trace);

}  // namespace convoy::engine
