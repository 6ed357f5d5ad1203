// What ONNX Runtime's profiler wrote.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"

namespace convoy::engine {

// What happened in one node of the main graph.
struct NodeTiming {
  std::string node;  // as in the model that was loaded; convoy names all nodes before profiling
  std::string op;
  std::vector<Seconds> runs;   // one a run, in steps of a microsecond; 0 where it did not run
  std::vector<Bytes> outputs;  // of the tensors that it made when it last ran; what it left out, and
                               // sequences, are missing
};

struct ProfilerLog {
  std::vector<Seconds> runs;      // whole runs as the profiler saw them
  std::vector<Seconds> calls;     // the part of each run before and after the nodes' execution
  std::vector<NodeTiming> nodes;  // in the order in which they first ran
};

// Reads the trace (JSON: an array of events). What the body of an If, Loop or Scan does is left out,
// as it counts in the node that has the body. Errors say what is wrong with the trace.
[[nodiscard]] Result<ProfilerLog> parse_profiler_log(std::istream& trace);

}  // namespace convoy::engine
