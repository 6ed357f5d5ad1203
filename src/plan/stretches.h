// What stages of consecutive nodes cost, for solvers that keep to the graph's order.
#pragma once

#include <cstddef>
#include <vector>

#include "plan/cost_graph.h"

namespace convoy::plan {

// A value that crosses the boundary before some node: made before it, read at or behind it.
struct Crossing {
  std::size_t producer = 0;      // position of the node that makes it
  std::size_t next_reader = 0;   // of the first node at or behind the boundary that reads it
  Bytes bytes{0};
};

// Positions are node numbers; a stretch [from, to) is never empty. Refers to the graph.
class Stretches {
 public:
  explicit Stretches(const CostGraph& graph);

  [[nodiscard]] std::size_t size() const { return crossings_.size() - 1; }
  // A stage's compute time, its overhead included.
  [[nodiscard]] Seconds compute(DeviceId device, std::size_t from, std::size_t to) const {
    return sums_[device][to] - sums_[device][from] + graph_->stage_overhead[device];
  }
  // A stage's memory as evaluate() counts it, without runtime overhead: element to - from - 1. The
  // answer holds until the next call.
  [[nodiscard]] const std::vector<Bytes>& memory_from(std::size_t from);
  // Weights that only one node reads: at most what a stage needs, and it grows with the stretch.
  [[nodiscard]] Bytes own_weights(std::size_t from, std::size_t to) const {
    return own_weights_[to] - own_weights_[from];
  }
  // Values that cross the boundary before `position`, by producer.
  [[nodiscard]] const std::vector<Crossing>& crossings(std::size_t position) const {
    return crossings_[position];
  }

 private:
  [[nodiscard]] std::vector<Bytes> compute_memory_from(std::size_t from) const;

  const CostGraph* graph_;
  ById<DeviceId, std::vector<Seconds>> sums_;  // compute of the first nodes
  std::vector<Bytes> own_weights_;             // of the first nodes
  std::vector<std::vector<Crossing>> crossings_;
  // Rows of memory_from() as far as they were asked for; thrown away when they become too many.
  std::vector<std::vector<Bytes>> rows_;
  std::size_t cached_ = 0;
};

}  // namespace convoy::plan
