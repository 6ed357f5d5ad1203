#include "plan/assignment_loads.h"

#include <algorithm>
#include <ranges>

namespace convoy::plan {
namespace {

double power(double x) {
  x *= x;
  x *= x;
  x *= x;
  return x * x;
}

}  // namespace

AssignmentLoads::AssignmentLoads(const CostGraph& graph, const fleet::Fleet& fleet,
                                 const Contraction& contraction)
    : graph_(&graph),
      fleet_(&fleet),
      contraction_(&contraction),
      devices_(fleet.devices.size()),
      weights_of_(contraction.units.size()),
      memory_matters_(!memory_never_binds(graph, fleet)),
      device_of_(contraction.units.size(), DeviceId(0)),
      members_(contraction.nets.size()),
      units_on_(devices_, 0),
      memory_(devices_) {
  for (const Unit& unit : contraction.units) {
    for (const DeviceId device : fleet.devices.ids()) {
      compute_.push_back(unit_time(graph, unit, device).count());
    }
  }
  for (const DeviceId from : fleet.devices.ids()) {
    for (const DeviceId to : fleet.devices.ids()) {
      const double rate = fleet.links[from][to].bandwidth.value();
      seconds_per_byte_.push_back(from != to && rate > 0 ? 1 / rate : 0);
    }
  }
  const std::size_t transfers = fleet.contention == fleet::Contention::link    ? devices_ * devices_
                                : fleet.contention == fleet::Contention::radio ? devices_
                                                                               : 1;
  loads_.assign(devices_ + transfers, 0);
  if (memory_matters_) {
    weight_readers_.assign(devices_, std::vector<std::uint32_t>(graph.weights.size(), 0));
    for (const UnitId unit : contraction.units.ids()) {
      weights_of_[unit] = unit_weights(graph, contraction.units[unit]);
    }
  }
  for (const UnitId unit : contraction.units.ids()) count_unit(unit, DeviceId(0), 1);
  for (const NetId net : contraction.nets.ids()) {
    members_[net] = {
        {DeviceId(0), static_cast<std::uint32_t>(contraction.nets[net].members.size())}};
  }
}

void AssignmentLoads::set_unit(double unit_s) {
  inverse_unit_ = 1 / unit_s;
  power_sum_ = 0;
  for (const double load : loads_) power_sum_ += power(load * inverse_unit_);
}

void AssignmentLoads::add(std::size_t resource, double time) {
  if (time == 0) return;
  power_sum_ -= power(loads_[resource] * inverse_unit_);
  loads_[resource] += time;
  power_sum_ += power(loads_[resource] * inverse_unit_);
}

void AssignmentLoads::count_unit(UnitId unit, DeviceId device, int change) {
  std::uint32_t& units = units_on_[device.index()];
  double time = change * compute_[unit.index() * devices_ + device.index()];
  if (units == (change > 0 ? 0U : 1U)) time += change * graph_->stage_overhead[device].count();
  units += static_cast<std::uint32_t>(change);
  add(device.index(), time);
  for (const WeightId weight : weights_of_[unit]) {
    std::uint32_t& readers = weight_readers_[device.index()][weight.index()];
    if (readers == (change > 0 ? 0U : 1U))
      memory_[device.index()] += change * graph_->weights[weight];
    readers += static_cast<std::uint32_t>(change);
  }
}

// `sending`: the part of the transfer that its sender is charged; 1 but for multicast.
void AssignmentLoads::count_transfer(DeviceId from, DeviceId to, double time, double sending,
                                     double sign) {
  const auto& devices = fleet_->devices;
  add(from.index(), sign * sending * time * devices[from].transfer_load);
  add(to.index(), sign * time * devices[to].transfer_load);
  switch (fleet_->contention) {
    case fleet::Contention::link:
      add(transfers_begin() + from.index() * devices_ + to.index(), sign * time);
      break;
    case fleet::Contention::radio:
      add(transfers_begin() + from.index(), sign * sending * time);
      add(transfers_begin() + to.index(), sign * time);
      break;
    case fleet::Contention::medium:
      add(transfers_begin(), sign * sending * time);
      break;
  }
}

void AssignmentLoads::count_net(const Net& net, NetId id, double sign) {
  const auto& members = members_[id];
  if (members.size() < 2) return;
  // Floating nodes are with any of their readers; where those occur, it does not matter with which.
  const DeviceId from = net.producer ? device_of_[*net.producer] : members.front().first;
  const auto bytes = static_cast<double>(net.bytes.value());
  const double* const rates = &seconds_per_byte_[from.index() * devices_];
  DeviceId slowest = from;
  if (fleet_->multicast) {
    for (const auto& [device, count] : members) {
      if (device != from && (slowest == from || rates[device.index()] >= rates[slowest.index()])) {
        slowest = device;
      }
    }
  }
  for (const auto& [device, count] : members) {
    if (device == from) continue;
    const double sending = fleet_->multicast && device != slowest ? 0 : 1;
    count_transfer(from, device, bytes * rates[device.index()], sending, sign);
  }
}

void AssignmentLoads::move(UnitId unit, DeviceId device) {
  const DeviceId old = device_of_[unit];
  if (old == device) return;
  const auto& nets = contraction_->units[unit].nets;
  for (const NetId id : nets) count_net(contraction_->nets[id], id, -1);
  count_unit(unit, old, -1);
  count_unit(unit, device, 1);
  device_of_[unit] = device;
  for (const NetId id : nets) {
    auto& members = members_[id];
    const auto from = std::ranges::find(members, old, &std::pair<DeviceId, std::uint32_t>::first);
    if (--from->second == 0) {
      *from = members.back();
      members.pop_back();
    }
    const auto to = std::ranges::find(members, device, &std::pair<DeviceId, std::uint32_t>::first);
    if (to != members.end()) {
      ++to->second;
    } else {
      members.emplace_back(device, 1);
    }
    count_net(contraction_->nets[id], id, 1);
  }
}

bool AssignmentLoads::fits(DeviceId device) const {
  const Bytes limit = fleet_->devices[device].memory;
  return !memory_matters_ || limit.value() == 0 ||
         memory_[device.index()] + graph_->runtime_memory[device] <= limit;
}

double AssignmentLoads::period() const { return std::ranges::max(loads_); }

std::vector<DeviceId> AssignmentLoads::bottleneck() const {
  const auto at = static_cast<std::size_t>(std::ranges::max_element(loads_) - loads_.begin());
  if (at < devices_) return {DeviceId(at)};
  switch (fleet_->contention) {
    case fleet::Contention::link:
      return {DeviceId((at - devices_) / devices_), DeviceId((at - devices_) % devices_)};
    case fleet::Contention::radio:
      return {DeviceId(at - devices_)};
    case fleet::Contention::medium:
      break;
  }
  std::vector<DeviceId> all;
  for (const DeviceId device : fleet_->devices.ids()) all.push_back(device);
  return all;
}

ById<NodeId, DeviceId> AssignmentLoads::nodes() const {
  return devices_of_nodes(*graph_, *contraction_, device_of_,
                          contraction_->units.ids() | std::ranges::to<std::vector<UnitId>>());
}

}  // namespace convoy::plan
