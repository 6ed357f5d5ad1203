#include "plan/device_kinds.h"

#include <algorithm>
#include <limits>

namespace convoy::plan {
namespace {

// Whether exchanging the two changes nothing of a plan. Exchanges compose, so this is an equivalence.
bool interchangeable(const CostGraph& graph, const fleet::Fleet& fleet, DeviceId a, DeviceId b,
                     Alike alike) {
  const auto rate = [&](DeviceId from, DeviceId to) {
    const fleet::Link& link = fleet.links[from][to];
    return std::pair(link.bandwidth, alike == Alike::in_all ? link.latency : Seconds(0));
  };
  const auto power = [&](DeviceId device) {
    const auto& of = fleet.devices[device].power;
    return of ? std::pair(of->idle, of->busy) : std::pair(Watts(0), Watts(0));
  };
  if (alike == Alike::in_all && power(a) != power(b)) return false;
  if (graph.compute[a] != graph.compute[b] || graph.stage_overhead[a] != graph.stage_overhead[b] ||
      graph.runtime_memory[a] != graph.runtime_memory[b] ||
      fleet.devices[a].memory != fleet.devices[b].memory ||
      fleet.devices[a].transfer_load != fleet.devices[b].transfer_load || rate(a, b) != rate(b, a)) {
    return false;
  }
  return std::ranges::all_of(fleet.devices.ids(), [&](DeviceId other) {
    return other == a || other == b ||
           (rate(a, other) == rate(b, other) && rate(other, a) == rate(other, b));
  });
}

}  // namespace

DeviceKinds kinds_of(const CostGraph& graph, const fleet::Fleet& fleet,
                     std::optional<Requirement> required, std::size_t most_sets, Alike alike) {
  DeviceKinds result;
  for (const DeviceId device : fleet.devices.ids()) {
    const auto same = std::ranges::find_if(result.kinds, [&](const Kind& kind) {
      return interchangeable(graph, fleet, kind.devices.front(), device, alike);
    });
    Kind& kind = same != result.kinds.end() ? *same : result.kinds.emplace_back();
    kind.devices.push_back(device);
    const Bytes memory = fleet.devices[device].memory;
    if (memory.value() > 0) kind.memory = memory - graph.runtime_memory[device];
    if (required && required->device == device) kind.required = required->count;
  }
  const auto whole = [&](const Kind& kind) {
    Seconds sum{0};
    for (const Seconds time : graph.compute[kind.devices.front()]) sum += time;
    return kind.required > 0 ? Seconds(-1) : sum;
  };
  std::ranges::stable_sort(result.kinds, {}, whole);
  if (most_sets == kAnySets) return result;
  for (Kind& kind : result.kinds) {
    while (!kind.devices.empty() && result.sets * (kind.devices.size() + 1) > most_sets) {
      result.left_out.push_back(kind.devices.back());
      kind.devices.pop_back();
    }
    kind.weight = result.sets;
    result.sets *= kind.devices.size() + 1;
    result.devices += kind.devices.size();
  }
  std::erase_if(result.kinds, [](const Kind& kind) { return kind.devices.empty(); });
  return result;
}

KindLinks links_of(const fleet::Fleet& fleet, const DeviceKinds& kinds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::size_t count = kinds.kinds.size();
  KindLinks links{.seconds_per_byte = {count, std::vector<double>(count, 0)},
                  .latency = {count, std::vector<double>(count, 0)},
                  .receiving = std::vector<double>(count, kInfinity),
                  .sending = std::vector<double>(count, kInfinity)};
  for (std::size_t from = 0; from < count; ++from) {
    for (std::size_t to = 0; to < count; ++to) {
      const DeviceId sender = kinds.kinds[from].devices.front();
      const DeviceId receiver = kinds.kinds[to].devices.back();
      if (sender == receiver) continue;
      const double rate = fleet.links[sender][receiver].bandwidth.value();
      const double time = rate > 0 ? 1 / rate : 0;
      links.seconds_per_byte[from][to] = time;
      links.latency[from][to] = fleet.links[sender][receiver].latency.count();
      links.receiving[to] = std::min(links.receiving[to], time);
      links.sending[from] = std::min(links.sending[from], time);
    }
  }
  for (auto* const times : {&links.receiving, &links.sending}) {
    std::ranges::replace(*times, kInfinity, 0.0);
  }
  return links;
}

}  // namespace convoy::plan
