#include "plan/two_devices.h"

#include <limits>

#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/minimum_cut.h"

namespace convoy::plan {

// The source's side is on a, the sink's on b.
Placement divided_in_turns(const CostGraph& graph, const fleet::Fleet& fleet,
                           const Contraction& contraction, DeviceId a, DeviceId b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::size_t units = contraction.units.size();
  const std::size_t source = units;
  const std::size_t sink = units + 1;
  FlowNetwork network(units + 2 + 2 * contraction.nets.size());
  for (const UnitId unit : contraction.units.ids()) {
    network.add_edge(source, unit.index(), unit_time(graph, contraction.units[unit], b).count());
    network.add_edge(unit.index(), sink, unit_time(graph, contraction.units[unit], a).count());
  }
  const auto moving = [&](const Net& net, DeviceId from, DeviceId to) {
    const fleet::Link& link = fleet.links[from][to];
    return (transfer_time(net.bytes, link) + link.latency).count();
  };
  for (const NetId id : contraction.nets.ids()) {
    const Net& net = contraction.nets[id];
    const std::size_t forth = units + 2 + 2 * id.index();
    const std::size_t back = forth + 1;
    network.add_edge(net.producer->index(), forth, moving(net, a, b));
    network.add_edge(back, net.producer->index(), moving(net, b, a));
    for (const UnitId reader : net.members) {
      if (reader == *net.producer) continue;
      network.add_edge(forth, reader.index(), kInfinity);
      network.add_edge(reader.index(), back, kInfinity);
    }
  }
  (void)network.minimum_cut(source, sink, kInfinity);
  ById<NodeId, DeviceId> device_of(graph.nodes.size());
  for (const UnitId unit : contraction.units.ids()) {
    const DeviceId device = network.on_source_side(unit.index()) ? a : b;
    for (const NodeId node : contraction.units[unit].nodes) device_of[node] = device;
  }
  return stages_of(graph, device_of);
}

}  // namespace convoy::plan
