#include "plan/holdings.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "fleet/trace.h"

namespace convoy::plan {

Holdings weights_of(const CostGraph& graph, const Placement& placement, std::size_t devices) {
  ById<DeviceId, std::set<WeightId>> sets(devices);
  for (const PlacedStage& stage : placement) {
    for (const Runner& runner : runners_of(stage)) {
      for (const NodeId node : stage.nodes) {
        const std::vector<WeightId>& weights = graph.nodes[node].weights;
        sets[runner.device].insert(weights.begin(), weights.end());
      }
    }
  }
  Holdings holdings;
  for (const std::set<WeightId>& set : sets) holdings.push_back({set.begin(), set.end()});
  return holdings;
}

Holdings united(const Holdings& a, const Holdings& b) {
  Holdings both(a.size());
  for (const DeviceId device : a.ids()) {
    std::ranges::set_union(a[device], b[device], std::back_inserter(both[device]));
  }
  return both;
}

ById<DeviceId, Bytes> missing(const CostGraph& graph, const Holdings& needed,
                              const Holdings& held) {
  ById<DeviceId, Bytes> bytes(needed.size());
  for (const DeviceId device : needed.ids()) {
    for (const WeightId weight : needed[device]) {
      if (!std::ranges::binary_search(held[device], weight)) bytes[device] += graph.weights[weight];
    }
  }
  return bytes;
}

ById<DeviceId, BytesPerSecond> inflow(const fleet::Fleet& fleet,
                                      const ById<DeviceId, bool>& present,
                                      std::optional<DeviceId> home) {
  ById<DeviceId, BytesPerSecond> rates(fleet.devices.size(), fleet::kBlackOut);
  for (const DeviceId to : fleet.devices.ids()) {
    if (!present[to]) continue;
    if (to == home) rates[to] = BytesPerSecond(0);
    for (const DeviceId from : fleet.devices.ids()) {
      if (from == to || !present[from] || (home && from != *home)) continue;
      const BytesPerSecond rate = fleet.links[from][to].bandwidth;
      const bool is_unlimited = rate.value() == 0 || rates[to].value() == 0;
      rates[to] = is_unlimited ? BytesPerSecond(0) : std::max(rates[to], rate);
    }
  }
  return rates;
}

std::optional<Seconds> move_time(const ById<DeviceId, Bytes>& bytes,
                                 const ById<DeviceId, BytesPerSecond>& rates,
                                 fleet::Contention contention) {
  Seconds all{0};
  for (const DeviceId device : bytes.ids()) {
    if (bytes[device].value() == 0 || rates[device].value() == 0) continue;
    if (rates[device] <= fleet::kBlackOut) return std::nullopt;
    const Seconds time = bytes[device] / rates[device];
    all = contention == fleet::Contention::link ? std::max(all, time) : all + time;
  }
  return all;
}

}  // namespace convoy::plan
