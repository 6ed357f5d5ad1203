// What published planning problems have in common: nodes that make one value each, and edges.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "foundation/error.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

struct PublishedNode {
  std::string name;
  Bytes weights{0};
  Bytes made{0};                     // the value that it makes
  std::optional<std::size_t> group;  // by the file's own number
  bool is_backward = false;
  std::vector<Seconds> compute;  // on each device
};

// Edges are pairs of positions in `nodes`, which may come in any order. All compute lists have the
// same length; devices have no overhead. Error: the edges make a cycle.
[[nodiscard]] Result<CostGraph> graph_of(
    const std::vector<PublishedNode>& nodes,
    const std::vector<std::pair<std::size_t, std::size_t>>& edges);

}  // namespace convoy::plan
