// A device: the process behind `convoy worker`.
#pragma once

#include <string>

#include "foundation/error.h"

namespace convoy::runtime {

struct WorkerOptions {
  std::string name;
  std::string control;       // endpoint to bind for the coordinator
  std::string data;          // endpoint to bind for tensors from peers
  std::string cache;         // folder for sub-models
  int threads = 1;
  double speed = 1.0;        // below 1: stretch computing to this share of each core
  int parent = 0;            // end when this process does; 0: never
};

// Serves one coordinator after another until told to exit. Loads sub-models, profiles models
// (profile::measure), computes, sends results on; keeps to a link's pace where its coordinator says
// that the network does not.
[[nodiscard]] Result<void> serve(const WorkerOptions& options);

}  // namespace convoy::runtime
