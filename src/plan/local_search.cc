#include "plan/local_search.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "plan/assignment.h"
#include "plan/evaluate.h"

namespace convoy::plan {
namespace {

constexpr std::size_t kMostInCluster = 32;

class LocalSearch {
 public:
  LocalSearch(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
              Front& front, std::uint64_t seed)
      : graph_(graph), fleet_(fleet), contraction_(contraction), front_(front), random_(seed) {}

  void run(const Placement& from, const LocalSearchOptions& options) {
    device_of_ = devices_of(graph_, from);
    first_ = front_.values_of(evaluate(graph_, fleet_, from));
    double energy = 1;
    for (std::int64_t move = 0; move < options.moves && !options.stop(); ++move) {
      const double progress = static_cast<double>(move) / static_cast<double>(options.moves);
      const double heat = options.hottest * std::pow(options.coldest / options.hottest, progress);
      const ById<NodeId, DeviceId> before = device_of_;
      if (!move_some()) continue;
      Placement placement = stages_of(graph_, device_of_);
      Figures figures = evaluate(graph_, fleet_, placement);
      const double after = energy_of(figures);
      const bool taken = shortages(figures, fleet_).empty() &&
                         (after <= energy || after - energy < heat * -std::log(uniform()));
      if (!taken) {
        device_of_ = before;
        continue;
      }
      energy = after;
      front_.offer(std::move(placement), std::move(figures));
    }
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }
  [[nodiscard]] DeviceId device_of(UnitId unit) const {
    return device_of_[contraction_.units[unit].nodes.front()];
  }

  // The mean of all values in parts of the first ones.
  [[nodiscard]] double energy_of(const Figures& figures) const {
    const std::vector<double> values = front_.values_of(figures);
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += first_[i] > 0 ? values[i] / first_[i] : values[i];
    }
    return sum / static_cast<double>(values.size());
  }

  // False if the cluster would stay where it is.
  bool move_some() {
    const UnitId first(below(contraction_.units.size()));
    const DeviceId from = device_of(first);
    const DeviceId to = target_of(first);
    if (from == to) return false;
    std::vector<UnitId> cluster = {first};
    const std::size_t size = below(2) == 0 ? 1 : 1 + below(kMostInCluster);
    for (std::size_t tries = 2 * size; cluster.size() < size && tries > 0; --tries) {
      const std::optional<UnitId> next = neighbour_of(cluster[below(cluster.size())]);
      if (next && device_of(*next) == from && !std::ranges::contains(cluster, *next)) {
        cluster.push_back(*next);
      }
    }
    for (const UnitId unit : cluster) {
      for (const NodeId node : contraction_.units[unit].nodes) device_of_[node] = to;
    }
    return true;
  }
  std::optional<UnitId> neighbour_of(UnitId unit) {
    const auto& nets = contraction_.units[unit].nets;
    if (nets.empty()) return std::nullopt;
    const auto& members = contraction_.nets[nets[below(nets.size())]].members;
    return members[below(members.size())];
  }
  DeviceId target_of(UnitId unit) {
    const std::optional<UnitId> neighbour = neighbour_of(unit);
    if (!neighbour || below(8) == 0) return DeviceId(below(fleet_.devices.size()));
    return device_of(*neighbour);
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Contraction& contraction_;
  Front& front_;
  std::mt19937_64 random_;
  ById<NodeId, DeviceId> device_of_;
  std::vector<double> first_;
};

}  // namespace

void search_nearby(const CostGraph& graph, const fleet::Fleet& fleet,
                   const Contraction& contraction, const Placement& from, Front& front,
                   const LocalSearchOptions& options) {
  if (contraction.units.empty() || fleet.devices.size() < 2) return;
  LocalSearch(graph, fleet, contraction, front, options.seed).run(from, options);
}

}  // namespace convoy::plan
