#include "plan/bound.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "plan/local_bound.h"

namespace convoy::plan {
namespace {

constexpr int kClimbs = 300;
constexpr std::size_t kMostUnits = 200;  // whose local bounds are looked at

// Each device has a share of the bottleneck. Whatever the placement, the sum of the devices'
// share * computing is at least `value`: that, over all nodes, of the least share * time.
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
  return dual;
}

// In a period T a device computes for at most T less its overhead, so T is at least what makes the
// sum of share * max(0, T - overhead) the dual's value. Found from above by Newton's method: the
// sum is convex, and linear but for the devices that drop out.
double period_of(const Dual& dual, const CostGraph& graph, const std::vector<double>& share) {
  double period = INFINITY;
  while (true) {
    double shares = 0;
    double needed = dual.value;
    for (std::size_t device = 0; device < share.size(); ++device) {
      const double overhead = graph.stage_overhead[DeviceId(device)].count();
      if (overhead >= period) continue;
      shares += share[device];
      needed += share[device] * overhead;
    }
    const double lower = needed / shares;
    if (shares == 0 || !(lower < period)) return period;
    period = lower;
  }
}

// The same where several devices may take a stage's requests in turn: of each request one pays.
double divided_period_of(const Dual& dual, const CostGraph& graph,
                         const std::vector<double>& share) {
  double overhead = INFINITY;
  double shares = 0;
  for (std::size_t device = 0; device < share.size(); ++device) {
    overhead = std::min(overhead, share[device] * graph.stage_overhead[DeviceId(device)].count());
    shares += share[device];
  }
  return (dual.value + overhead) / shares;
}

void normalise(std::vector<double>& share) {
  double sum = 0;
  for (const double of_device : share) sum += of_device;
  for (double& of_device : share) of_device /= sum;
}

enum class Stages { whole, divided };  // divided: several devices may take the requests in turn

// The best that any shares prove.
Seconds best_dual(const CostGraph& graph, const fleet::Fleet& fleet, Stages stages) {
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
    const double period = stages == Stages::whole ? period_of(dual, graph, share)
                                                  : divided_period_of(dual, graph, share);
    bound = std::max(bound, period);
    // Devices that get too much become dearer.
    std::vector<double> busy = dual.load;
    for (std::size_t device = 0; stages == Stages::whole && device < share.size(); ++device) {
      busy[device] += std::min(period, graph.stage_overhead[DeviceId(device)].count());
    }
    const double most = std::ranges::max(busy);
    if (most <= 0) break;
    for (std::size_t device = 0; device < share.size(); ++device) {
      share[device] *= std::exp(0.5 / std::sqrt(1.0 + climb) * busy[device] / most);
    }
    normalise(share);
  }
  return Seconds(bound);
}

}  // namespace

Seconds divided_bound(const CostGraph& graph, const fleet::Fleet& fleet) {
  return best_dual(graph, fleet, Stages::divided);
}

Seconds period_bound(const CostGraph& graph, const fleet::Fleet& fleet) {
  if (graph.nodes.empty() || fleet.devices.empty()) return Seconds(0);
  double bound = best_dual(graph, fleet, Stages::whole).count();
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
