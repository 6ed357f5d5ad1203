#include "plan/bound.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "plan/local_bound.h"

namespace convoy::plan {
namespace {

constexpr int kClimbs = 300;
constexpr std::size_t kMostUnits = 200;  // whose local bounds are looked at

// A device's share of the bottleneck: with shares that sum to 1, no placement has a period below
// the sum, over all nodes, of the least share * time.
struct Dual {
  double value = 0;
  std::vector<double> load;  // of each device, if every node goes where that is least
};

Dual dual_of(const CostGraph& graph, const std::vector<double>& share) {
  Dual dual{.value = 0, .load = std::vector<double>(share.size(), 0)};
  for (const NodeId node : graph.nodes.ids()) {
    std::size_t least = 0;
    double least_cost = INFINITY;
    for (std::size_t device = 0; device < share.size(); ++device) {
      const double cost = share[device] * graph.compute[DeviceId(device)][node].count();
      if (cost < least_cost) {
        least_cost = cost;
        least = device;
      }
    }
    dual.value += least_cost;
    dual.load[least] += graph.compute[DeviceId(least)][node].count();
  }
  // At least one device has a stage, and pays its overhead.
  double overhead = INFINITY;
  for (std::size_t device = 0; device < share.size(); ++device) {
    overhead = std::min(overhead, share[device] * graph.stage_overhead[DeviceId(device)].count());
  }
  dual.value += overhead;
  return dual;
}

void normalise(std::vector<double>& share) {
  double sum = 0;
  for (const double of_device : share) sum += of_device;
  for (double& of_device : share) of_device /= sum;
}

}  // namespace

Seconds divided_bound(const CostGraph& graph, const fleet::Fleet& fleet) {
  if (graph.nodes.empty() || fleet.devices.empty()) return Seconds(0);
  // Where all nodes are slower by the same factor on a device, shares by speed are the optimum.
  std::vector<double> share;
  for (const DeviceId device : fleet.devices.ids()) {
    double whole = 0;
    for (const Seconds time : graph.compute[device]) whole += time.count();
    if (whole <= 0) return Seconds(0);
    share.push_back(1 / whole);
  }
  normalise(share);
  double bound = 0;
  for (int climb = 0; climb < kClimbs; ++climb) {
    const Dual dual = dual_of(graph, share);
    bound = std::max(bound, dual.value);
    const double most = std::ranges::max(dual.load);
    if (most <= 0) break;
    // Devices that get too much become dearer.
    for (std::size_t device = 0; device < share.size(); ++device) {
      share[device] *= std::exp(0.5 / std::sqrt(1.0 + climb) * dual.load[device] / most);
    }
    normalise(share);
  }
  return Seconds(bound);
}

Seconds period_bound(const CostGraph& graph, const fleet::Fleet& fleet) {
  if (graph.nodes.empty() || fleet.devices.empty()) return Seconds(0);
  double bound = divided_bound(graph, fleet).count();
  for (const NodeId node : graph.nodes.ids()) {
    double quickest = INFINITY;
    for (const DeviceId device : fleet.devices.ids()) {
      quickest = std::min(
          quickest, (graph.compute[device][node] + graph.stage_overhead[device]).count());
    }
    bound = std::max(bound, quickest);
  }
  const Contraction contraction = contract(graph, fleet, PlanForm::any);
  const DeviceKinds kinds = kinds_of(graph, fleet, std::nullopt, kAnySets);
  return Seconds(LocalBound(graph, fleet, contraction, kinds).period(bound, kMostUnits));
}

Seconds period_bound(const CostGraph& graph, const fleet::Fleet& fleet,
                     const std::optional<Seconds>& known) {
  return known ? *known : period_bound(graph, fleet);
}

}  // namespace convoy::plan
