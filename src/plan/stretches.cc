#include "plan/stretches.h"

#include <algorithm>
#include <utility>

namespace convoy::plan {
namespace {

std::size_t last_reader(const CostValue& value, std::size_t otherwise) {
  std::size_t last = otherwise;
  for (const NodeId reader : value.consumers) last = std::max(last, reader.index());
  return last;
}

}  // namespace

Stretches::Stretches(const CostGraph& graph)
    : graph_(&graph), crossings_(graph.nodes.size() + 1) {
  for (const auto& times : graph.compute) {
    std::vector<Seconds> sums = {Seconds(0)};
    for (const Seconds time : times) sums.push_back(sums.back() + time);
    sums_.push_back(std::move(sums));
  }
  for (const NodeId node : graph.nodes.ids()) {
    for (const ValueId value : graph.nodes[node].writes) {
      std::vector<std::size_t> readers;
      for (const NodeId reader : graph.values[value].consumers) readers.push_back(reader.index());
      std::ranges::sort(readers);
      std::size_t position = node.index() + 1;
      for (const std::size_t reader : readers) {
        for (; position <= reader; ++position) {
          crossings_[position].push_back({node.index(), reader, graph.values[value].bytes});
        }
      }
    }
  }
}

// Node by node, everything but the outputs only grows or is replaced: weights and inputs are added
// on first sight, and a value stays live until its last reader, wherever the stage ends.
std::vector<Bytes> Stretches::memory_from(std::size_t from, Bytes most) const {
  const CostGraph& graph = *graph_;
  std::vector<Bytes> row;
  ById<WeightId, char> has_weight(graph.weights.size(), 0);
  ById<ValueId, char> has_input(graph.values.size(), 0);
  std::vector<Bytes> freed_after(size(), Bytes(0));  // by position
  Bytes weights{0}, inputs{0}, live{0}, peak{0};
  Bytes outputs{0};  // values made here with a reader behind, or that the graph returns
  for (std::size_t at = from; at < size(); ++at) {
    const CostNode& node = graph.nodes[NodeId(at)];
    for (const WeightId weight : node.weights) {
      if (!std::exchange(has_weight[weight], 1)) weights += graph.weights[weight];
    }
    for (const ValueId value : node.reads) {
      const CostValue& read = graph.values[value];
      const bool made_before = !read.producer || read.producer->index() < from;
      if (made_before && !std::exchange(has_input[value], 1)) inputs += read.bytes;
    }
    for (const ValueId value : node.writes) {
      const CostValue& made = graph.values[value];
      live += made.bytes;
      outputs += made.bytes;
      if (!made.is_output) freed_after[last_reader(made, at)] += made.bytes;
    }
    peak = std::max(peak, live + node.workspace);
    live -= freed_after[at];
    outputs -= freed_after[at];
    if (weights + 2 * inputs + peak > most) break;
    row.push_back(weights + 2 * inputs + peak + outputs);
  }
  return row;
}

Bytes Stretches::received(std::size_t from, std::size_t to) const {
  Bytes sum{0};
  for (const Crossing& value : crossings_[from]) {
    if (value.next_reader < to) sum += value.bytes;
  }
  return sum;
}

Stretches::Traffic Stretches::traffic_from(std::size_t from, std::size_t furthest) const {
  std::vector<Bytes> first_read(furthest, Bytes(0));  // by position
  std::vector<Bytes> last_read(furthest, Bytes(0));
  for (const Crossing& value : crossings_[from]) {
    if (value.next_reader < furthest) first_read[value.next_reader] += value.bytes;
  }
  Traffic traffic;
  Bytes received{0}, made{0};
  for (std::size_t at = from; at < furthest; ++at) {
    received += first_read[at];
    for (const ValueId id : graph_->nodes[NodeId(at)].writes) {
      const CostValue& value = graph_->values[id];
      const std::size_t last = last_reader(value, at);
      if (last == at) continue;
      made += value.bytes;
      if (last < furthest) last_read[last] += value.bytes;
    }
    made -= last_read[at];
    traffic.received.push_back(received);
    traffic.made.push_back(made);
  }
  return traffic;
}

}  // namespace convoy::plan
