#include "plan/least_moves.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plan/stretches.h"

namespace convoy::plan {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// How the first nodes come to be placed on the devices of a set: with its last stage.
struct Best {
  std::int64_t moved = kNever;
  std::size_t from = 0;    // the last stage's first node
  std::size_t device = 0;  // among `devices`
};

// The bytes that the first nodes lack on a device, by how many they are.
std::vector<std::int64_t> lacking(const CostGraph& graph, const std::vector<WeightId>& held) {
  std::vector<std::int64_t> sums = {0};
  for (const CostNode& node : graph.nodes) {
    std::int64_t bytes = 0;
    for (const WeightId weight : node.weights) {
      if (!std::ranges::binary_search(held, weight)) bytes += graph.weights[weight].value();
    }
    sums.push_back(sums.back() + bytes);
  }
  return sums;
}

double fastest_into(const fleet::Fleet& fleet, DeviceId to, const std::vector<DeviceId>& devices) {
  double fastest = 0;
  for (const DeviceId from : devices) {
    if (from == to) continue;
    const double rate = fleet.links[from][to].bandwidth.value();
    fastest = std::max(fastest, rate == 0 ? std::numeric_limits<double>::infinity() : rate);
  }
  return fastest;
}

}  // namespace

std::optional<Placement> contiguous_with_least_moves(const CostGraph& graph,
                                                     const fleet::Fleet& fleet,
                                                     const std::vector<DeviceId>& devices,
                                                     const Holdings& held,
                                                     const LeastMovesOptions& options) {
  const std::size_t count = devices.size();
  const std::size_t nodes = graph.nodes.size();
  const double steps_of_order =
      static_cast<double>(count) * static_cast<double>(nodes) * static_cast<double>(nodes);
  if (steps_of_order > options.most_steps) return std::nullopt;
  const bool any_order =
      count < 16 && std::ldexp(steps_of_order, static_cast<int>(count)) <= options.most_steps;

  const Stretches stretches(graph);
  std::vector<std::vector<std::int64_t>> lacks;
  for (const DeviceId device : devices) lacks.push_back(lacking(graph, held[device]));
  std::vector<double> crossing(nodes + 1, 0);  // bytes before each node
  for (std::size_t at = 1; at < nodes; ++at) {
    for (const Crossing& value : stretches.crossings(at)) {
      crossing[at] += static_cast<double>(value.bytes.value());
    }
  }

  // Sets of devices; in their own order: those before a place, of which any may be left out.
  const std::size_t sets = any_order ? std::size_t{1} << count : count + 1;
  std::vector<std::vector<Best>> best(sets, std::vector<Best>(nodes + 1));
  best[0][0].moved = 0;
  const auto extend = [&](std::size_t set, std::size_t device, std::size_t into) {
    const double rate = fastest_into(fleet, devices[device], devices);
    for (std::size_t from = 0; from < nodes; ++from) {
      if (best[set][from].moved == kNever) continue;
      if (from > 0 && crossing[from] > options.most_transfer.count() * rate) continue;
      for (std::size_t to = from + 1; to <= nodes; ++to) {
        if (stretches.compute(devices[device], from, to) > options.most_compute) break;
        const std::int64_t moved = best[set][from].moved + lacks[device][to] - lacks[device][from];
        if (moved < best[into][to].moved) best[into][to] = {moved, from, device};
      }
    }
  };
  for (std::size_t set = 0; set < sets; ++set) {
    if (any_order) {
      for (std::size_t device = 0; device < count; ++device) {
        const std::size_t bit = std::size_t{1} << device;
        if ((set & bit) == 0) extend(set, device, set | bit);
      }
    } else if (set > 0) {
      for (std::size_t before = 0; before < set; ++before) extend(before, set - 1, set);
    }
  }

  const auto last = std::ranges::min_element(
      best, {}, [&](const std::vector<Best>& of_set) { return of_set[nodes].moved; });
  if ((*last)[nodes].moved == kNever) return std::nullopt;
  auto set = static_cast<std::size_t>(last - best.begin());
  Placement placement;
  for (std::size_t to = nodes; to > 0;) {
    const Best step = best[set][to];
    PlacedStage stage{.device = devices[step.device], .nodes = {}};
    for (std::size_t node = step.from; node < to; ++node) stage.nodes.push_back(NodeId(node));
    placement.push_back(std::move(stage));
    if (any_order) {
      set &= ~(std::size_t{1} << step.device);
    } else {
      // Which of the earlier places it was that reached this node with so few bytes.
      const std::int64_t rest = step.moved - lacks[step.device][to] + lacks[step.device][step.from];
      set = 0;
      while (best[set][step.from].moved != rest) ++set;
    }
    to = step.from;
  }
  std::ranges::reverse(placement);
  return placement;
}

}  // namespace convoy::plan
