// The strongly connected components of a directed graph.
#pragma once

#include <cstddef>
#include <vector>

namespace convoy::plan {

// `successors[v]`: the vertices that v has an edge to. Kosaraju's algorithm (Sharir, 1981), without
// recursion. Each vertex is in one component; components come in a topological order.
[[nodiscard]] std::vector<std::vector<std::size_t>> strongly_connected(
    const std::vector<std::vector<std::size_t>>& successors);

}  // namespace convoy::plan
