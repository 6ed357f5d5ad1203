#include "plan/local_bound.h"

#include <algorithm>
#include <limits>

namespace convoy::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostKinds = 8;

// What a second of compute, and a second of transfers to and from a device, add to what is busy.
struct Weights {
  double compute = 1;
  double transfer = 0;
};

Weights weights_of(const fleet::Fleet& fleet, DeviceId device) {
  const double load = fleet.devices[device].transfer_load;
  if (load > 0.5) return {1, load};
  switch (fleet.contention) {
    case fleet::Contention::link:  // the mean of all links to and from the device
      return {0.5, 0.25 / static_cast<double>(std::max<std::size_t>(fleet.devices.size(), 2) - 1)};
    case fleet::Contention::radio:
    case fleet::Contention::medium:
      break;
  }
  return {0.5, 0.5};
}

}  // namespace

LocalBound::LocalBound(const CostGraph& graph, const fleet::Fleet& fleet,
                       const Contraction& contraction, const DeviceKinds& kinds)
    : contraction_(&contraction) {
  const KindLinks links = links_of(fleet, kinds);
  std::vector<double> least_costs(contraction.units.size(), kInfinity);
  std::vector<double> least_computes = least_costs;
  double least_rate = kInfinity;
  for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
    const DeviceId device = kinds.kinds[kind].devices.front();
    const Weights weights = weights_of(fleet, device);
    std::vector<double> costs;
    std::vector<double> computes;
    for (const UnitId unit : contraction.units.ids()) {
      computes.push_back(unit_time(graph, contraction.units[unit], device).count());
      costs.push_back(weights.compute * computes.back());
      least_costs[unit.index()] = std::min(least_costs[unit.index()], costs.back());
    }
    const double rate = weights.transfer * std::min(links.receiving[kind], links.sending[kind]);
    least_rate = std::min(least_rate, rate);
    for (std::size_t i = 0; i < computes.size(); ++i) {
      least_computes[i] = std::min(least_computes[i], computes[i]);
    }
    if (kinds.kinds.size() <= kMostKinds) add_network(std::move(computes), std::move(costs), rate);
  }
  if (networks_.empty()) {
    add_network(std::move(least_computes), std::move(least_costs), least_rate);
  }
}

void LocalBound::add_network(std::vector<double> computes, std::vector<double> costs,
                             double seconds_per_byte) {
  FlowNetwork& network =
      networks_.emplace_back(contraction_->units.size() + 1 + 2 * contraction_->nets.size());
  for (const UnitId unit : contraction_->units.ids()) {
    network.add_edge(unit.index(), sink(), costs[unit.index()]);
  }
  for (const NetId id : contraction_->nets.ids()) {
    const Net& net = contraction_->nets[id];
    const double time = seconds_per_byte * static_cast<double>(net.bytes.value());
    const std::size_t in = sink() + 1 + 2 * id.index();
    network.add_edge(in, in + 1, time);
    for (const UnitId member : net.members) {
      network.add_edge(member.index(), in, kInfinity);
      network.add_edge(in + 1, member.index(), kInfinity);
      costs[member.index()] += time;
    }
  }
  for (std::size_t i = 0; i < costs.size(); ++i) costs[i] = std::max(costs[i], computes[i]);
  alone_.push_back(std::move(costs));
  computes_.push_back(std::move(computes));
}

double LocalBound::least_with(UnitId unit, double enough) {
  double least = kInfinity;
  for (std::size_t kind = 0; kind < networks_.size(); ++kind) {
    const double cut = networks_[kind].minimum_cut(unit.index(), sink(), enough);
    least = std::min(least, std::max(cut, computes_[kind][unit.index()]));
  }
  return least;
}

double LocalBound::period(double least, std::size_t most_units) {
  // Alone a unit may cost the least of all kinds, which no set with it exceeds.
  std::vector<std::pair<double, UnitId>> units;
  for (const UnitId unit : contraction_->units.ids()) {
    double alone = kInfinity;
    for (const auto& of_kind : alone_) alone = std::min(alone, of_kind[unit.index()]);
    units.emplace_back(alone, unit);
  }
  std::ranges::sort(units, std::greater());
  if (units.size() > most_units) units.resize(most_units);
  double bound = least;
  for (const auto& [alone, unit] : units) {
    if (alone <= bound) break;
    bound = std::max(bound, least_with(unit, kInfinity));
  }
  return bound;
}

// The same where `other` is on another device.
double LocalBound::least_with_without(UnitId unit, UnitId other, double enough) {
  double least = kInfinity;
  for (std::size_t kind = 0; kind < networks_.size(); ++kind) {
    if (alone_[kind][unit.index()] < enough) return 0;
    FlowNetwork with_other = networks_[kind];
    with_other.add_edge(other.index(), sink(), kInfinity);
    const double cut = with_other.minimum_cut(unit.index(), sink(), enough);
    least = std::min(least, std::max(cut, computes_[kind][unit.index()]));
    if (least < enough) break;
  }
  return least;
}

std::vector<std::pair<UnitId, UnitId>> LocalBound::inseparable(double period,
                                                               std::size_t most_pairs) {
  std::vector<std::pair<UnitId, UnitId>> pairs;
  std::size_t looked_at = 0;
  for (const Net& net : contraction_->nets) {
    for (std::size_t i = 1; i < net.members.size(); ++i) {
      const UnitId a = net.members[0];
      const UnitId b = net.members[i];
      if (++looked_at > most_pairs) return pairs;
      if (least_with_without(a, b, period) >= period ||
          least_with_without(b, a, period) >= period) {
        pairs.emplace_back(a, b);
      }
    }
  }
  return pairs;
}

}  // namespace convoy::plan
