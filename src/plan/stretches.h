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
  // Of its nodes alone.
  [[nodiscard]] Seconds nodes_time(DeviceId device, std::size_t from, std::size_t to) const {
    return sums_[device][to] - sums_[device][from];
  }
  // A stage's compute time, its overhead included.
  [[nodiscard]] Seconds compute(DeviceId device, std::size_t from, std::size_t to) const {
    return nodes_time(device, from, to) + graph_->stage_overhead[device];
  }
  // A stage's memory as evaluate() counts it, without runtime overhead, for every end: element
  // to - from - 1. Leaves out the ends from which on every stage needs more than `most`.
  [[nodiscard]] std::vector<Bytes> memory_from(std::size_t from, Bytes most) const;
  // Of the stage from `from` to every end: what it receives from others, and what it makes that is
  // read behind it.
  struct Traffic {
    std::vector<Bytes> received;
    std::vector<Bytes> made;
  };
  [[nodiscard]] Traffic traffic_from(std::size_t from, std::size_t furthest) const;
  // Of one stage: what it receives.
  [[nodiscard]] Bytes received(std::size_t from, std::size_t to) const;
  // Values that cross the boundary before `position`, by producer.
  [[nodiscard]] const std::vector<Crossing>& crossings(std::size_t position) const {
    return crossings_[position];
  }

 private:
  const CostGraph* graph_;
  ById<DeviceId, std::vector<Seconds>> sums_;  // compute of the first nodes
  std::vector<std::vector<Crossing>> crossings_;
};

}  // namespace convoy::plan
