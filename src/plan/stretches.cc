#include "plan/stretches.h"

#include <algorithm>
#include <utility>

namespace convoy::plan {
namespace {

constexpr std::size_t kMostCachedCells = std::size_t{1} << 24;  // 128 MB

std::size_t last_reader(const CostValue& value, std::size_t otherwise) {
  std::size_t last = otherwise;
  for (const NodeId reader : value.consumers) last = std::max(last, reader.index());
  return last;
}

}  // namespace

Stretches::Stretches(const CostGraph& graph)
    : graph_(&graph),
      own_weights_(graph.nodes.size() + 1),
      crossings_(graph.nodes.size() + 1),
      rows_(graph.nodes.size()) {
  for (const auto& times : graph.compute) {
    std::vector<Seconds> sums = {Seconds(0)};
    for (const Seconds time : times) sums.push_back(sums.back() + time);
    sums_.push_back(std::move(sums));
  }
  ById<WeightId, int> readers(graph.weights.size(), 0);
  for (const CostNode& node : graph.nodes) {
    for (const WeightId weight : node.weights) ++readers[weight];
  }
  for (const NodeId node : graph.nodes.ids()) {
    Bytes& sum = own_weights_[node.index() + 1];
    sum = own_weights_[node.index()];
    for (const WeightId weight : graph.nodes[node].weights) {
      if (readers[weight] == 1) sum += graph.weights[weight];
    }
    for (const ValueId value : graph.nodes[node].writes) {
      std::vector<std::size_t> positions;
      for (const NodeId reader : graph.values[value].consumers) positions.push_back(reader.index());
      std::ranges::sort(positions);
      std::size_t position = node.index() + 1;
      for (const std::size_t reader : positions) {
        for (; position <= reader; ++position) {
          crossings_[position].push_back({node.index(), reader, graph.values[value].bytes});
        }
      }
    }
  }
}

const std::vector<Bytes>& Stretches::memory_from(std::size_t from) {
  if (rows_[from].empty()) {
    if (cached_ > kMostCachedCells) {
      for (auto& row : rows_) row = {};
      cached_ = 0;
    }
    rows_[from] = compute_memory_from(from);
    cached_ += rows_[from].size();
  }
  return rows_[from];
}

// Node by node, everything but the outputs only grows or is replaced: weights and inputs are added
// on first sight, and a value stays live until its last reader, wherever the stage ends.
std::vector<Bytes> Stretches::compute_memory_from(std::size_t from) const {
  const CostGraph& graph = *graph_;
  std::vector<Bytes> row;
  ById<WeightId, char> has_weight(graph.weights.size(), 0);
  ById<ValueId, char> has_input(graph.values.size(), 0);
  std::vector<Bytes> freed_after(size(), Bytes(0));
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
    row.push_back(weights + 2 * inputs + peak + outputs);
  }
  return row;
}

}  // namespace convoy::plan
