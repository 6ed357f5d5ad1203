#include "plan/evaluate.h"

#include <algorithm>
#include <map>
#include <set>

#include "plan/stage_memory.h"

namespace convoy::plan {
namespace {

using fleet::Contention;
using fleet::Fleet;

// What one stage hands to one other device.
struct Message {
  DeviceId to;
  Bytes bytes{0};
  Seconds time{0};
};

// When each shared resource is next free, or how long it is busy in all, by the fleet's contention.
class Resources {
 public:
  explicit Resources(const Fleet& fleet)
      : contention_(fleet.contention), devices_(fleet.devices.size()), busy_(slots(), Seconds(0)) {}

  // The resources that a transfer occupies; both are the same where it is one.
  [[nodiscard]] std::pair<Seconds&, Seconds&> of(DeviceId from, DeviceId to) {
    switch (contention_) {
      case Contention::link: {
        Seconds& pair = busy_[from.index() * devices_ + to.index()];
        return {pair, pair};
      }
      case Contention::radio:
        return {busy_[from.index()], busy_[to.index()]};
      case Contention::medium:
        break;
    }
    return {busy_[0], busy_[0]};
  }
  // Takes back time of a sender's transfers that they share; links of their own share none.
  void take_back(DeviceId from, Seconds time) {
    if (contention_ == Contention::radio) busy_[from.index()] -= time;
    if (contention_ == Contention::medium) busy_[0] -= time;
  }
  [[nodiscard]] Seconds longest() const { return std::ranges::max(busy_); }

 private:
  [[nodiscard]] std::size_t slots() const {
    return contention_ == Contention::link     ? devices_ * devices_
           : contention_ == Contention::radio ? devices_
                                              : 1;
  }
  Contention contention_;
  std::size_t devices_;
  std::vector<Seconds> busy_;
};

// Who runs what, and what crosses.
struct Traffic {
  ById<NodeId, StageId> stage_of;
  std::vector<std::vector<Message>> messages;  // by stage
};

std::vector<Message> messages_of(const CostGraph& graph, const Fleet& fleet,
                                 const Placement& placement, const Traffic& traffic,
                                 std::size_t stage, const StageFigures& figures) {
  const DeviceId from = placement[stage].device;
  std::map<DeviceId, std::pair<StageId, Bytes>> by_device;  // first reading stage, bytes
  for (const ValueId value : figures.outputs) {
    std::map<DeviceId, StageId> readers;
    for (const NodeId consumer : graph.values[value].consumers) {
      const StageId reader = traffic.stage_of[consumer];
      const DeviceId to = placement[reader.index()].device;
      if (to == from) continue;
      const auto [at, added] = readers.emplace(to, reader);
      if (!added) at->second = std::min(at->second, reader);
    }
    for (const auto& [to, reader] : readers) {
      auto& [first, bytes] = by_device.try_emplace(to, reader, Bytes(0)).first->second;
      first = std::min(first, reader);
      bytes += graph.values[value].bytes;
    }
  }
  std::vector<std::pair<StageId, Message>> ordered;
  for (const auto& [to, what] : by_device) {
    const auto& [reader, bytes] = what;
    ordered.emplace_back(reader, Message{to, bytes, transfer_time(bytes, fleet.links[from][to])});
  }
  std::ranges::stable_sort(ordered, {}, &std::pair<StageId, Message>::first);
  std::vector<Message> messages;
  for (auto& [reader, message] : ordered) messages.push_back(message);
  return messages;
}

// What multicast spares the sender of one stage's results.
std::pair<Seconds, Bytes> spared_by_multicast(const CostGraph& graph, const Fleet& fleet,
                                              const Placement& placement, const Traffic& traffic,
                                              std::size_t stage, const StageFigures& figures) {
  const DeviceId from = placement[stage].device;
  Seconds time{0};
  Bytes bytes{0};
  for (const ValueId value : figures.outputs) {
    std::set<DeviceId> receivers;
    for (const NodeId consumer : graph.values[value].consumers) {
      receivers.insert(placement[traffic.stage_of[consumer].index()].device);
    }
    receivers.erase(from);
    Seconds slowest{0};
    for (const DeviceId to : receivers) {
      const Seconds one = transfer_time(graph.values[value].bytes, fleet.links[from][to]);
      time += one;
      slowest = std::max(slowest, one);
      bytes += graph.values[value].bytes;
    }
    if (!receivers.empty()) {
      time -= slowest;
      bytes -= graph.values[value].bytes;
    }
  }
  return {time, bytes};
}

Seconds latency_of(const Fleet& fleet, const Placement& placement, const Traffic& traffic,
                   const CostGraph& graph, const std::vector<StageFigures>& stages) {
  Resources free_at(fleet);
  ById<DeviceId, Seconds> device_free(fleet.devices.size(), Seconds(0));
  std::map<std::pair<StageId, DeviceId>, Seconds> arrived;  // messages, by sender and receiver
  Seconds latest{0};
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const DeviceId device = placement[stage].device;
    Seconds start = device_free[device];
    for (const ValueId value : stages[stage].inputs) {
      const auto producer = graph.values[value].producer;
      if (!producer) continue;
      const auto message = arrived.find({traffic.stage_of[*producer], device});
      if (message != arrived.end()) start = std::max(start, message->second);
    }
    const Seconds end = start + stages[stage].compute;
    device_free[device] = end;
    latest = std::max(latest, end);
    for (const Message& message : traffic.messages[stage]) {
      const auto [first, second] = free_at.of(device, message.to);
      const Seconds sent = std::max({end, first, second}) + message.time;
      first = second = sent;
      arrived[{StageId(stage), message.to}] = sent + fleet.links[device][message.to].latency;
    }
  }
  return latest;
}

}  // namespace

Seconds transfer_time(Bytes bytes, const fleet::Link& link) {
  return link.bandwidth.value() > 0 ? bytes / link.bandwidth : Seconds(0);
}

Figures evaluate(const CostGraph& graph, const Fleet& fleet, const Placement& placement) {
  Traffic traffic;
  traffic.stage_of.resize(graph.nodes.size());
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    for (const NodeId node : placement[stage].nodes) traffic.stage_of[node] = StageId(stage);
  }

  Figures figures;
  figures.stages.resize(placement.size());
  figures.memory = ById<DeviceId, Bytes>(fleet.devices.size());
  figures.busy = ById<DeviceId, Seconds>(fleet.devices.size(), Seconds(0));
  Resources transfers(fleet);
  ById<DeviceId, std::set<WeightId>> weights(fleet.devices.size());
  std::set<DeviceId> used;
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const auto& [device, nodes] = placement[stage];
    StageFigures& of_stage = figures.stages[stage];
    const StagePorts ports = ports_of(graph, nodes);
    of_stage.compute = graph.stage_overhead[device];
    if (used.insert(device).second) figures.memory[device] += graph.runtime_memory[device];
    for (const NodeId node : nodes) {
      of_stage.compute += graph.compute[device][node];
      for (const WeightId weight : graph.nodes[node].weights) {
        if (weights[device].insert(weight).second) figures.memory[device] += graph.weights[weight];
      }
    }
    figures.memory[device] += activation_memory(graph, nodes, ports);
    of_stage.inputs = ports.inputs;
    of_stage.outputs = ports.outputs;
    figures.busy[device] += of_stage.compute;

    for (const Message& message :
         traffic.messages.emplace_back(
             messages_of(graph, fleet, placement, traffic, stage, of_stage))) {
      of_stage.sent += message.bytes;
      of_stage.send += message.time;
      const auto [first, second] = transfers.of(device, message.to);
      first += message.time;
      if (&first != &second) second += message.time;
      figures.busy[message.to] += fleet.devices[message.to].transfer_load * message.time;
    }
    if (fleet.multicast) {
      const auto [time, bytes] =
          spared_by_multicast(graph, fleet, placement, traffic, stage, of_stage);
      of_stage.send -= time;
      of_stage.sent -= bytes;
      transfers.take_back(device, time);
    }
    figures.busy[device] += fleet.devices[device].transfer_load * of_stage.send;
  }

  figures.period = transfers.longest();
  for (const Seconds busy : figures.busy) figures.period = std::max(figures.period, busy);
  for (const DeviceId device : used) {
    const auto& power = fleet.devices[device].power;
    if (!power) continue;
    figures.energy += power->busy * figures.busy[device] +
                      power->idle * (figures.period - figures.busy[device]);
  }
  figures.latency = latency_of(fleet, placement, traffic, graph, figures.stages);
  return figures;
}

std::vector<Shortage> shortages(const Figures& figures, const Fleet& fleet) {
  std::vector<Shortage> short_of;
  for (const DeviceId device : fleet.devices.ids()) {
    const Bytes available = fleet.devices[device].memory;
    if (available.value() > 0 && figures.memory[device] > available) {
      short_of.push_back({device, figures.memory[device], available});
    }
  }
  return short_of;
}

}  // namespace convoy::plan
