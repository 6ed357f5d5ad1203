// What some device has to bear because of one unit, wherever the others are.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/device_kinds.h"
#include "plan/minimum_cut.h"

namespace convoy::plan {

// A unit is on some device, together with a set S of other units. Whatever S is, the device
// computes it, and what crosses between S and the rest occupies the device, its radio, its links,
// or the medium. The least that any S costs is a minimum cut: of each unit to a sink, its compute
// time; of each net, its transfer. So periods are bounded for every placement, contiguous or not.
//
// Where devices differ much, one stands for all that is as quick as the quickest at each.
//
// What a device computes and what it transfers count together as far as Device::transfer_load says;
// what overlaps counts half each, as the larger of two is at least their mean.
class LocalBound {
 public:
  LocalBound(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
             const DeviceKinds& kinds);

  // No placement has a shorter period than this or `least`. Looks at `most_units` units only, those
  // that cost most alone, and more than `least`.
  [[nodiscard]] double period(double least, std::size_t most_units);
  // Pairs of neighbours that are on one device in every placement with a period below `period`.
  // Looks at `most_pairs` only.
  [[nodiscard]] std::vector<std::pair<UnitId, UnitId>> inseparable(double period,
                                                                   std::size_t most_pairs);

 private:
  // A network from what each unit costs, and a byte that crosses.
  void add_network(std::vector<double> computes, std::vector<double> costs,
                   double seconds_per_byte);
  [[nodiscard]] double least_with(UnitId unit, double enough);
  [[nodiscard]] double least_with_without(UnitId unit, UnitId other, double enough);
  [[nodiscard]] std::size_t sink() const { return contraction_->units.size(); }

  const Contraction* contraction_;
  std::vector<FlowNetwork>
      networks_;  // by kind, or one for all; units, the sink, two vertices for each net
  std::vector<std::vector<double>> computes_;  // by network and unit: its time
  std::vector<std::vector<double>> alone_;     // ... and what it costs alone
};

}  // namespace convoy::plan
