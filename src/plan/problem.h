// A planning problem that stands alone: published ones are read into it.
#pragma once

#include "fleet/fleet.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

struct Problem {
  CostGraph graph;
  fleet::Fleet fleet;
};

}  // namespace convoy::plan
