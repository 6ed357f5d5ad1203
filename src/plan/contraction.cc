#include "plan/contraction.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "plan/strongly_connected.h"

namespace convoy::plan {
namespace {

// Disjoint sets of nodes, each named by its least one.
class Sets {
 public:
  explicit Sets(std::size_t size) : parent_(size) { std::iota(parent_.begin(), parent_.end(), 0); }
  [[nodiscard]] std::size_t find(std::size_t node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }
  [[nodiscard]] std::size_t find(NodeId node) { return find(node.index()); }
  void join(std::size_t a, std::size_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

using Edges = std::map<std::size_t, std::set<std::size_t>>;

void join_groups(const CostGraph& graph, Sets& sets) {
  std::map<GroupId, NodeId> first;
  for (const NodeId node : graph.nodes.ids()) {
    if (!graph.nodes[node].group) continue;
    const auto [at, added] = first.emplace(*graph.nodes[node].group, node);
    if (!added) sets.join(at->second.index(), node.index());
  }
}

// Which sets must not come after which others.
Edges precedence(const CostGraph& graph, Sets& sets) {
  std::set<std::size_t> forward;  // sets that have a forward node
  for (const NodeId node : graph.nodes.ids()) {
    if (!graph.nodes[node].is_backward) forward.insert(sets.find(node));
  }
  Edges edges;
  for (const CostValue& value : graph.values) {
    if (!value.producer) continue;
    const std::size_t from = sets.find(*value.producer);
    for (const NodeId reader : value.consumers) {
      const std::size_t to = sets.find(reader);
      if (from == to) continue;
      const bool backward_from = graph.nodes[*value.producer].is_backward;
      const bool backward_to = graph.nodes[reader].is_backward;
      if (!backward_from && !backward_to) edges[from].insert(to);
      const bool mirrored = !forward.contains(from) || !forward.contains(to);
      if (backward_from && backward_to && mirrored) edges[to].insert(from);
    }
  }
  return edges;
}

// Joins sets until their precedence has no cycle.
void join_cycles(const CostGraph& graph, Sets& sets) {
  for (bool joined = true; joined;) {
    joined = false;
    std::vector<std::vector<std::size_t>> successors(graph.nodes.size());
    for (const auto& [from, to] : precedence(graph, sets))
      successors[from].assign(to.begin(), to.end());
    for (const auto& component : strongly_connected(successors)) {
      for (const std::size_t node : component) {
        joined = joined || sets.find(node) != sets.find(component.front());
        sets.join(component.front(), node);
      }
    }
  }
}

struct Crossing {
  std::size_t producer;
  std::set<std::size_t> members;
  Bytes bytes;
};

std::vector<Crossing> crossings_of(const CostGraph& graph, Sets& sets) {
  std::map<std::pair<std::size_t, std::set<std::size_t>>, Bytes> bytes;
  for (const CostValue& value : graph.values) {
    if (!value.producer) continue;
    const std::size_t producer = sets.find(*value.producer);
    std::set<std::size_t> members = {producer};
    for (const NodeId reader : value.consumers) members.insert(sets.find(reader));
    if (members.size() > 1) bytes[{producer, std::move(members)}] += value.bytes;
  }
  std::vector<Crossing> crossings;
  for (const auto& [key, sum] : bytes) crossings.push_back({key.first, key.second, sum});
  return crossings;
}

// What decides whether a set that costs nothing may join a neighbour.
class FreeSets {
 public:
  FreeSets(const CostGraph& graph, const fleet::Fleet& fleet, Sets& sets)
      : sets_(sets), alike_(transfers_cost_alike(fleet)) {
    const bool weights_matter = !memory_never_binds(graph, fleet);
    for (const NodeId node : graph.nodes.ids()) {
      const bool takes_time = std::ranges::any_of(
          graph.compute, [&](const auto& times) { return times[node] > Seconds(0); });
      const bool takes_memory = weights_matter && (!graph.nodes[node].weights.empty() ||
                                                   graph.nodes[node].workspace > Bytes(0));
      if (takes_time || takes_memory) busy_.insert(sets.find(node));
    }
    for (const auto& [from, to] : precedence(graph, sets)) {
      for (const std::size_t set : to) {
        successors_[from].insert(set);
        predecessors_[set].insert(from);
      }
    }
    crossings_ = crossings_of(graph, sets);
    for (std::size_t i = 0; i < crossings_.size(); ++i) {
      for (const std::size_t member : crossings_[i].members) touching_[member].push_back(i);
    }
  }

  // Joins sets to neighbours; false if there was none to join.
  bool join_some() {
    std::set<std::size_t> touched;  // their neighbours are looked at in the next round
    for (const auto& [set, crossings] : touching_) {
      if (busy_.contains(set) || touched.contains(set)) continue;
      const std::optional<std::size_t> neighbour = better_with(set, crossings);
      if (!neighbour || touched.contains(*neighbour)) continue;
      sets_.join(set, *neighbour);
      for (const std::size_t i : crossings) {
        touched.insert(crossings_[i].members.begin(), crossings_[i].members.end());
      }
      touched.insert(set);
    }
    return !touched.empty();
  }

  // The sets that may be placed with the first reader of what they make.
  [[nodiscard]] std::set<std::size_t> floating() const {
    std::set<std::size_t> found;
    if (!alike_) return found;
    for (const auto& [set, crossings] : touching_) {
      if (!busy_.contains(set) && !predecessors_.contains(set) && crossings.size() == 1 &&
          crossings_[crossings.front()].producer == set) {
        found.insert(set);
      }
    }
    return found;
  }

 private:
  // The only successor or predecessor, if what would cross instead is no more.
  [[nodiscard]] std::optional<std::size_t> better_with(
      std::size_t set, const std::vector<std::size_t>& crossings) const {
    for (const auto* neighbours : {&successors_, &predecessors_}) {
      const auto of_set = neighbours->find(set);
      if (of_set == neighbours->end() || of_set->second.size() != 1) continue;
      const std::size_t neighbour = *of_set->second.begin();
      Bytes saved{0};
      Bytes added{0};
      bool any_added = false;
      for (const std::size_t i : crossings) {
        const Crossing& crossing = crossings_[i];
        if (!crossing.members.contains(neighbour)) {
          added += crossing.bytes;
          any_added = true;
        } else if (crossing.members.size() == 2) {
          saved += crossing.bytes;
        }
      }
      if (!any_added || (alike_ && added <= saved)) return neighbour;
    }
    return std::nullopt;
  }

  Sets& sets_;
  bool alike_;
  std::set<std::size_t> busy_;
  Edges successors_;
  Edges predecessors_;
  std::vector<Crossing> crossings_;
  std::map<std::size_t, std::vector<std::size_t>> touching_;
};

// Sets in an order in which none comes before its predecessors; of those that can come next, the
// one with the least node.
std::vector<std::size_t> ordered(const CostGraph& graph, Sets& sets, const Edges& edges) {
  std::map<std::size_t, std::size_t> waits_for;
  for (const NodeId node : graph.nodes.ids()) waits_for.emplace(sets.find(node), 0);
  for (const auto& [from, to] : edges) {
    for (const std::size_t set : to) ++waits_for[set];
  }
  std::set<std::size_t> ready;
  for (const auto& [set, count] : waits_for) {
    if (count == 0) ready.insert(set);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    const auto after = edges.find(next);
    if (after == edges.end()) continue;
    for (const std::size_t set : after->second) {
      if (--waits_for[set] == 0) ready.insert(set);
    }
  }
  // Units that depend on each other.
  for (const auto& [set, count] : waits_for) {
    if (count > 0) order.push_back(set);
  }
  return order;
}

}  // namespace

bool memory_never_binds(const CostGraph& graph, const fleet::Fleet& fleet) {
  Bytes most{0};
  for (const Bytes weight : graph.weights) most += weight;
  for (const CostValue& value : graph.values) most += 4 * value.bytes;  // in, in again, made, out
  for (const CostNode& node : graph.nodes) most += node.workspace;
  return std::ranges::all_of(fleet.devices.ids(), [&](DeviceId device) {
    const Bytes memory = fleet.devices[device].memory;
    return memory.value() == 0 || most + graph.runtime_memory[device] <= memory;
  });
}

bool transfers_overlap(const fleet::Fleet& fleet) {
  return !fleet.multicast && std::ranges::none_of(fleet.devices, [](const fleet::Device& device) {
    return device.transfer_load > 0;
  });
}

bool transfers_cost_alike(const fleet::Fleet& fleet) {
  std::set<double> rates;
  for (const DeviceId from : fleet.devices.ids()) {
    for (const DeviceId to : fleet.devices.ids()) {
      if (from != to) rates.insert(fleet.links[from][to].bandwidth.value());
    }
  }
  if (rates.size() > 1) return false;
  if (rates.empty() || *rates.begin() == 0) return true;
  const auto overlaps = [](const fleet::Device& device) { return device.transfer_load < 1; };
  return fleet.multicast && fleet.contention != fleet::Contention::medium &&
         (fleet.contention == fleet::Contention::radio ||
          std::ranges::count_if(fleet.devices, overlaps) <= 1);
}

Contraction contract(const CostGraph& graph, const fleet::Fleet& fleet, PlanForm form,
                     const std::vector<std::pair<NodeId, NodeId>>& together, FreeNodes free_nodes) {
  Sets sets(graph.nodes.size());
  join_groups(graph, sets);
  for (const auto& [a, b] : together) sets.join(a.index(), b.index());
  const auto settle = [&] {
    if (form == PlanForm::contiguous) join_cycles(graph, sets);
  };
  settle();
  std::set<std::size_t> floating;
  if (free_nodes == FreeNodes::join) {
    while (FreeSets(graph, fleet, sets).join_some()) settle();
    floating = FreeSets(graph, fleet, sets).floating();
  }

  Contraction result;
  const Edges edges = precedence(graph, sets);
  std::map<std::size_t, UnitId> unit_of;
  for (const std::size_t set : ordered(graph, sets, edges)) {
    if (!floating.contains(set)) unit_of.emplace(set, result.units.push_back({}));
  }
  std::map<std::size_t, Floating> afloat;
  for (const NodeId node : graph.nodes.ids()) {
    const std::size_t set = sets.find(node);
    const auto unit = unit_of.find(set);
    auto& nodes = unit != unit_of.end() ? result.units[unit->second].nodes : afloat[set].nodes;
    nodes.push_back(node);
  }
  for (const auto& [from, to] : edges) {
    if (floating.contains(from)) continue;
    for (const std::size_t set : to) {
      result.units[unit_of.at(from)].successors.push_back(unit_of.at(set));
      result.units[unit_of.at(set)].predecessors.push_back(unit_of.at(from));
    }
  }
  for (Unit& unit : result.units) {
    std::ranges::sort(unit.successors);
    std::ranges::sort(unit.predecessors);
  }
  for (const Crossing& crossing : crossings_of(graph, sets)) {
    Net net{.producer = std::nullopt, .members = {}, .bytes = crossing.bytes};
    for (const std::size_t member : crossing.members) {
      if (!floating.contains(member)) net.members.push_back(unit_of.at(member));
    }
    std::ranges::sort(net.members);
    if (floating.contains(crossing.producer)) {
      afloat[crossing.producer].readers = net.members;
    } else {
      net.producer = unit_of.at(crossing.producer);
    }
    if (net.members.size() < 2) continue;
    const NetId id = result.nets.push_back(net);
    for (const UnitId member : net.members) result.units[member].nets.push_back(id);
  }
  for (auto& [set, nodes] : afloat) result.floating.push_back(std::move(nodes));
  return result;
}

Seconds unit_time(const CostGraph& graph, const Unit& unit, DeviceId device) {
  Seconds sum{0};
  for (const NodeId node : unit.nodes) sum += graph.compute[device][node];
  return sum;
}

std::vector<WeightId> unit_weights(const CostGraph& graph, const Unit& unit) {
  std::set<WeightId> weights;
  for (const NodeId node : unit.nodes) {
    weights.insert(graph.nodes[node].weights.begin(), graph.nodes[node].weights.end());
  }
  return {weights.begin(), weights.end()};
}

ById<NodeId, DeviceId> devices_of_nodes(const CostGraph& graph, const Contraction& contraction,
                                        const ById<UnitId, DeviceId>& device_of,
                                        const std::vector<UnitId>& order) {
  ById<NodeId, DeviceId> devices(graph.nodes.size());
  ById<UnitId, std::size_t> place(contraction.units.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    place[order[i]] = i;
    for (const NodeId node : contraction.units[order[i]].nodes) devices[node] = device_of[order[i]];
  }
  for (const Floating& floating : contraction.floating) {
    const UnitId first =
        std::ranges::min(floating.readers, {}, [&](UnitId unit) { return place[unit]; });
    for (const NodeId node : floating.nodes) devices[node] = device_of[first];
  }
  return devices;
}

}  // namespace convoy::plan
