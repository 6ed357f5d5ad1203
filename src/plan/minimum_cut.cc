#include "plan/minimum_cut.h"

#include <algorithm>
#include <limits>

namespace convoy::plan {
namespace {

// Below this, what is left is rounding.
constexpr double kNothing = 1e-15;

}  // namespace

void FlowNetwork::add_edge(std::size_t from, std::size_t to, double capacity, double back) {
  edges_.push_back({to, first_[from], capacity, capacity});
  first_[from] = edges_.size() - 1;
  edges_.push_back({from, first_[to], back, back});
  first_[to] = edges_.size() - 1;
}

double FlowNetwork::minimum_cut(std::size_t source, std::size_t sink, double enough) {
  for (Edge& edge : edges_) edge.left = edge.capacity;
  double flow = 0;
  while (flow < enough && find_levels(source, sink)) {
    current_ = first_;
    while (const double pushed = push(source, sink, std::numeric_limits<double>::infinity())) {
      flow += pushed;
      if (flow >= enough) break;
    }
  }
  return flow;
}

bool FlowNetwork::find_levels(std::size_t source, std::size_t sink) {
  level_.assign(first_.size(), -1);
  level_[source] = 0;
  std::vector<std::size_t> queue = {source};
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (std::size_t e = first_[queue[i]]; e != kNone; e = edges_[e].next) {
      if (edges_[e].left <= kNothing || level_[edges_[e].to] >= 0) continue;
      level_[edges_[e].to] = level_[queue[i]] + 1;
      queue.push_back(edges_[e].to);
    }
  }
  return level_[sink] >= 0;
}

// Along one path of ascending levels; as deep as the network's longest path.
double FlowNetwork::push(std::size_t from, std::size_t sink, double most) {
  if (from == sink) return most;
  for (std::size_t& e = current_[from]; e != kNone; e = edges_[e].next) {
    Edge& edge = edges_[e];
    if (edge.left <= kNothing || level_[edge.to] != level_[from] + 1) continue;
    const double pushed = push(edge.to, sink, std::min(most, edge.left));
    if (pushed <= 0) continue;
    edge.left -= pushed;
    edges_[e ^ 1].left += pushed;
    return pushed;
  }
  return 0;
}

}  // namespace convoy::plan
