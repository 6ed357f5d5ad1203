// A graph as planners of whole stages see it: what must, or may as well, stay together is one unit.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

using UnitId = Id<struct UnitTag>;
using NetId = Id<struct NetTag>;

struct Unit {
  std::vector<NodeId> nodes;         // ascending
  std::vector<UnitId> predecessors;  // that stages must run first, or with it; ascending
  std::vector<UnitId> successors;
  std::vector<NetId> nets;  // it is a member of; ascending
};

// What crosses between units: all values that one unit makes and the same others read.
struct Net {
  std::optional<UnitId> producer;  // none: nodes that go where the net is first read
  std::vector<UnitId> members;     // producer and readers; ascending, two or more
  Bytes bytes{0};
};

// Nodes that cost nothing, read nothing and make one value: they go to the first stage that reads
// it.
struct Floating {
  std::vector<NodeId> nodes;
  std::vector<UnitId> readers;  // ascending
};

struct Contraction {
  ById<UnitId, Unit> units;  // in a topological order, where they have one
  ById<NetId, Net> nets;
  std::vector<Floating> floating;
};

// The plans that a contraction is made for.
enum class PlanForm {
  contiguous,  // each device has one set of nodes, and stages can be ordered so that values go
               // forward
  any,
};

// Whether nodes that cost nothing join a neighbour.
enum class FreeNodes {
  join,  // where no plan has a longer period for it: the best plan over units is the best over nodes
  stay,  // whatever else is wanted of plans
};

// Nodes of one group and of each pair in `together` become one unit, and in contiguous plans what
// depends on each other through units; in others, units may.
//
// The order of units is that of the forward pass; a training graph's backward nodes, which mirror
// it, only order what has no forward part.
[[nodiscard]] Contraction contract(const CostGraph& graph, const fleet::Fleet& fleet, PlanForm form,
                                   const std::vector<std::pair<NodeId, NodeId>>& together = {},
                                   FreeNodes free_nodes = FreeNodes::join);

// All its nodes on a device, without the overhead of a stage.
[[nodiscard]] Seconds unit_time(const CostGraph& graph, const Unit& unit, DeviceId device);

// Each once, ascending.
[[nodiscard]] std::vector<WeightId> unit_weights(const CostGraph& graph, const Unit& unit);

// The nodes of units that run on these devices, in an order of all units; floating nodes go with
// the first of their readers.
[[nodiscard]] ById<NodeId, DeviceId> devices_of_nodes(const CostGraph& graph,
                                                      const Contraction& contraction,
                                                      const ById<UnitId, DeviceId>& device_of,
                                                      const std::vector<UnitId>& order);

// Whether each device could hold the whole graph.
[[nodiscard]] bool memory_never_binds(const CostGraph& graph, const fleet::Fleet& fleet);

// Whether transfers are those of convoy's own pipeline: a value is sent to each device that reads it,
// and devices compute meanwhile.
[[nodiscard]] bool transfers_overlap(const fleet::Fleet& fleet);

// Whether a value costs each device that makes or reads it the same, wherever the others are, and
// that is all that transfers cost: sent once to all, at one rate, and no link of its own is ever
// busier than one of its ends.
[[nodiscard]] bool transfers_cost_alike(const fleet::Fleet& fleet);

}  // namespace convoy::plan
