#include "plan/stage_builder.h"

#include <algorithm>
#include <utility>

#include "plan/stage_memory.h"

namespace convoy::plan {

StageBuilder::StageBuilder(const CostGraph& graph, const fleet::Fleet& fleet,
                           const Contraction& contraction, const DeviceKinds& kinds)
    : graph_(&graph),
      contraction_(&contraction),
      kinds_(&kinds),
      exact_(transfers_cost_alike(fleet)),
      backward_(std::ranges::any_of(graph.nodes, &CostNode::is_backward)),
      radio_(fleet.contention == fleet::Contention::radio),
      memory_matters_(!memory_never_binds(graph, fleet)),
      compute_(kinds.kinds.size(), 0),
      has_(contraction.units.size(), 0),
      members_(contraction.nets.size(), 0),
      readers_(graph.weights.size(), 0) {
  for (const Kind& kind : kinds.kinds) {
    overhead_.push_back(graph.stage_overhead[kind.devices.front()].count());
    transfer_load_.push_back(fleet.devices[kind.devices.front()].transfer_load);
  }
  for (const Unit& unit : contraction.units) {
    for (const Kind& kind : kinds.kinds) {
      unit_compute_.push_back(unit_time(graph, unit, kind.devices.front()).count());
    }
    unit_weights_.push_back(unit_weights(graph, unit));
  }
  KindLinks links = links_of(fleet, kinds);
  receiving_ = std::move(links.receiving);
  sending_ = std::move(links.sending);
  clear();
}

void StageBuilder::clear() {
  while (!units_.empty()) remove_last();
  compute_ = overhead_;  // free of what rounding left
}

void StageBuilder::add(UnitId unit) {
  units_.push_back(unit);
  count(unit, 1);
}

void StageBuilder::remove_last() {
  const UnitId unit = units_.back();
  units_.pop_back();
  count(unit, -1);
}

void StageBuilder::count(UnitId unit, int change) {
  for (std::size_t kind = 0; kind < compute_.size(); ++kind) {
    compute_[kind] += change * compute_of(unit, kind);
  }
  memory_.reset();
  // What each net adds to the traffic, before and after.
  const auto traffic = [&](NetId id, int sign) {
    const Net& net = contraction_->nets[id];
    if (members_[id] == 0 || members_[id] == net.members.size()) return;
    (net.producer && has_[*net.producer] ? sent_ : received_) += sign * net.bytes.value();
  };
  const auto& nets = contraction_->units[unit].nets;
  for (const NetId net : nets) traffic(net, -1);
  has_[unit] = change > 0;
  for (const NetId net : nets) members_[net] += static_cast<std::uint32_t>(change);
  for (const NetId net : nets) traffic(net, 1);
  if (!memory_matters_) return;
  for (const WeightId weight : unit_weights_[unit]) {
    const bool alone = readers_[weight] == (change > 0 ? 0U : 1U);
    if (alone) weights_ += change * graph_->weights[weight];
    readers_[weight] += static_cast<std::uint32_t>(change);
  }
}

bool StageBuilder::crosses_at(UnitId unit) const {
  return std::ranges::all_of(contraction_->nets.ids(), [&](NetId id) {
    const auto& members = contraction_->nets[id].members;
    return members_[id] == 0 || members_[id] == members.size() ||
           (members_[id] == 1 && std::ranges::binary_search(members, unit));
  });
}

double StageBuilder::load(std::size_t kind) const {
  const double transfers = receiving_[kind] * static_cast<double>(received_) +
                           sending_[kind] * static_cast<double>(sent_);
  const double busy = compute_[kind] + transfer_load_[kind] * transfers;
  return radio_ ? std::max(busy, transfers) : busy;
}

bool StageBuilder::weights_fit(std::size_t kind) const {
  const std::optional<Bytes> limit = kinds_->kinds[kind].memory;
  return !memory_matters_ || !limit || weights_ <= *limit;
}

bool StageBuilder::fits(std::size_t kind) const {
  const std::optional<Bytes> limit = kinds_->kinds[kind].memory;
  return !memory_matters_ || !limit || (weights_ <= *limit && memory() <= *limit);
}

Bytes StageBuilder::memory() const {
  if (!memory_) {
    std::vector<NodeId> nodes;
    for (const UnitId unit : units_) {
      const auto& more = contraction_->units[unit].nodes;
      nodes.insert(nodes.end(), more.begin(), more.end());
    }
    std::ranges::sort(nodes);
    memory_ = weights_ + activation_memory(*graph_, nodes, ports_of(*graph_, nodes));
  }
  return *memory_;
}

}  // namespace convoy::plan
