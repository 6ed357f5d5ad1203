// The minimum cut of a network.
#pragma once

#include <cstddef>
#include <vector>

namespace convoy::plan {

// A directed network with capacities that are not negative. Maximum flow by Dinic's algorithm
// (1970); at its end the vertices that the source still reaches are the smaller side of a minimum
// cut.
class FlowNetwork {
 public:
  explicit FlowNetwork(std::size_t vertices) : first_(vertices, kNone) {}

  // `back`: the capacity of the same edge in the other direction.
  void add_edge(std::size_t from, std::size_t to, double capacity, double back = 0);
  // The capacity of the minimum cut between the two; 0 edges may remain of an earlier call, whose
  // flow is forgotten. Stops at `enough`: the cut is at least that.
  [[nodiscard]] double minimum_cut(std::size_t source, std::size_t sink, double enough);
  // After minimum_cut() that was not stopped: whether a vertex is on the source's side.
  [[nodiscard]] bool on_source_side(std::size_t vertex) const { return level_[vertex] >= 0; }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Edge {
    std::size_t to;
    std::size_t next;  // of the same vertex
    double capacity;
    double left;  // what can still flow
  };

  [[nodiscard]] bool find_levels(std::size_t source, std::size_t sink);
  double push(std::size_t from, std::size_t sink, double most);

  std::vector<std::size_t> first_;    // edge of each vertex
  std::vector<Edge> edges_;           // each beside its reverse
  std::vector<int> level_;            // distance from the source; negative: not reached
  std::vector<std::size_t> current_;  // edge of each vertex to try next
};

}  // namespace convoy::plan
