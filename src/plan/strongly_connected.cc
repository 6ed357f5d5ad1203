#include "plan/strongly_connected.h"

#include <algorithm>
#include <utility>

namespace convoy::plan {
namespace {

using Edges = std::vector<std::vector<std::size_t>>;

// All that is reached from `root` and was not seen before, each after all that it reaches.
void add_finished(const Edges& edges, std::size_t root, std::vector<char>& seen,
                  std::vector<std::size_t>& finished) {
  if (std::exchange(seen[root], 1)) return;
  std::vector<std::pair<std::size_t, std::size_t>> path = {{root, 0}};  // vertex, next edge
  while (!path.empty()) {
    auto& [vertex, next] = path.back();
    if (next == edges[vertex].size()) {
      finished.push_back(vertex);
      path.pop_back();
      continue;
    }
    const std::size_t to = edges[vertex][next++];
    if (!std::exchange(seen[to], 1)) path.emplace_back(to, 0);
  }
}

}  // namespace

std::vector<std::vector<std::size_t>> strongly_connected(const Edges& successors) {
  std::vector<std::size_t> finished;
  std::vector<char> seen(successors.size(), 0);
  for (std::size_t v = 0; v < successors.size(); ++v) add_finished(successors, v, seen, finished);
  Edges predecessors(successors.size());
  for (std::size_t v = 0; v < successors.size(); ++v) {
    for (const std::size_t to : successors[v]) predecessors[to].push_back(v);
  }
  std::ranges::fill(seen, 0);
  std::vector<std::vector<std::size_t>> components;
  for (auto v = finished.rbegin(); v != finished.rend(); ++v) {
    std::vector<std::size_t> component;
    add_finished(predecessors, *v, seen, component);
    if (!component.empty()) components.push_back(std::move(component));
  }
  return components;
}

}  // namespace convoy::plan
