#include "plan/evaluate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "plan/stage_memory.h"

namespace convoy::plan {
namespace {

using fleet::Contention;
using fleet::Fleet;

// What a device that runs a stage hands to one other device.
struct Message {
  DeviceId to;
  Bytes bytes{0};
  Seconds time{0};
  double part = 1;  // of the requests, on average
  double most = 1;  // ... and at most
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
  std::vector<std::vector<Runner>> runners;    // by stage
};

// What a runner of a stage hands on, in the order in which the receivers first read.
std::vector<Message> messages_of(const CostGraph& graph, const Fleet& fleet, const Traffic& traffic,
                                 const Runner& from, const StageFigures& figures) {
  struct Receiver {
    StageId first;  // stage that reads
    Bytes bytes{0};
    double part = 1;
  };
  std::map<DeviceId, Receiver> receivers;
  for (const ValueId value : figures.outputs) {
    std::map<DeviceId, Receiver> readers;
    for (const NodeId consumer : graph.values[value].consumers) {
      const StageId reader = traffic.stage_of[consumer];
      if (reader == traffic.stage_of[*graph.values[value].producer]) continue;
      for (const auto& [to, part] : traffic.runners[reader.index()]) {
        if (to == from.device) continue;
        Receiver& receiver = readers.try_emplace(to, Receiver{.first = reader, .part = part}).first->second;
        receiver.first = std::min(receiver.first, reader);
      }
    }
    for (const auto& [to, reader] : readers) {
      Receiver& receiver = receivers.try_emplace(to, reader).first->second;
      receiver.first = std::min(receiver.first, reader.first);
      receiver.bytes += graph.values[value].bytes;
    }
  }
  std::vector<std::pair<StageId, Message>> ordered;
  for (const auto& [to, receiver] : receivers) {
    ordered.emplace_back(
        receiver.first,
        Message{.to = to,
                .bytes = receiver.bytes,
                .time = transfer_time(receiver.bytes, fleet.links[from.device][to]),
                .part = from.part * receiver.part,
                .most = std::min(from.part, receiver.part)});
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

// All its nodes on a device, once.
Seconds stage_time(const CostGraph& graph, const PlacedStage& stage, DeviceId device) {
  Seconds time = graph.stage_overhead[device];
  for (const NodeId node : stage.nodes) time += graph.compute[device][node];
  return time;
}

// Each stage on its slowest runner alone.
Traffic slowest(const CostGraph& graph, const Placement& placement, const Traffic& traffic) {
  Traffic of_one{.stage_of = traffic.stage_of, .runners = {}};
  for (const PlacedStage& stage : placement) {
    const std::vector<Runner> runners = runners_of(stage);
    const Runner& runner = *std::ranges::max_element(
        runners, {}, [&](const Runner& one) { return stage_time(graph, stage, one.device); });
    of_one.runners.push_back({{.device = runner.device, .part = 1}});
  }
  return of_one;
}

Seconds latency_of(const Fleet& fleet, const Placement& placement, const Traffic& traffic,
                   const CostGraph& graph, const std::vector<StageFigures>& stages) {
  Resources free_at(fleet);
  ById<DeviceId, Seconds> device_free(fleet.devices.size(), Seconds(0));
  std::map<std::pair<StageId, DeviceId>, Seconds> arrived;  // messages, by sender and receiver
  Seconds latest{0};
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const Runner& runner = traffic.runners[stage].front();
    const DeviceId device = runner.device;
    Seconds start = device_free[device];
    for (const ValueId value : stages[stage].inputs) {
      const auto producer = graph.values[value].producer;
      if (!producer) continue;
      const auto message = arrived.find({traffic.stage_of[*producer], device});
      if (message != arrived.end()) start = std::max(start, message->second);
    }
    const Seconds end = start + stage_time(graph, placement[stage], device);
    device_free[device] = end;
    latest = std::max(latest, end);
    for (const Message& message : messages_of(graph, fleet, traffic, runner, stages[stage])) {
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
    traffic.runners.push_back(runners_of(placement[stage]));
  }

  Figures figures;
  figures.stages.resize(placement.size());
  figures.memory = ById<DeviceId, Bytes>(fleet.devices.size());
  figures.busy = ById<DeviceId, Seconds>(fleet.devices.size(), Seconds(0));
  Resources transfers(fleet);
  ById<DeviceId, std::set<WeightId>> weights(fleet.devices.size());
  std::set<DeviceId> used;
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const std::vector<NodeId>& nodes = placement[stage].nodes;
    StageFigures& of_stage = figures.stages[stage];
    const StagePorts ports = ports_of(graph, nodes);
    of_stage.inputs = ports.inputs;
    of_stage.outputs = ports.outputs;
    const Bytes activations = activation_memory(graph, nodes, ports);
    double sent = 0;
    for (const Runner& runner : traffic.runners[stage]) {
      const DeviceId device = runner.device;
      if (used.insert(device).second) figures.memory[device] += graph.runtime_memory[device];
      for (const NodeId node : nodes) {
        for (const WeightId weight : graph.nodes[node].weights) {
          if (weights[device].insert(weight).second) figures.memory[device] += graph.weights[weight];
        }
      }
      figures.memory[device] += activations;
      const Seconds compute = runner.part * stage_time(graph, placement[stage], device);
      of_stage.compute += compute;
      figures.busy[device] += compute;

      for (const Message& message : messages_of(graph, fleet, traffic, runner, of_stage)) {
        sent += message.part * static_cast<double>(message.bytes.value());
        of_stage.send += message.part * message.time;
        const bool own_link = fleet.contention == Contention::link;
        const Seconds occupied = (own_link ? message.most : message.part) * message.time;
        const auto [first, second] = transfers.of(device, message.to);
        first += occupied;
        if (&first != &second) second += occupied;
        figures.busy[message.to] += fleet.devices[message.to].transfer_load * message.time;
      }
    }
    of_stage.sent = Bytes(std::llround(sent));
    const DeviceId device = placement[stage].device;
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
  figures.latency =
      latency_of(fleet, placement, slowest(graph, placement, traffic), graph, figures.stages);
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
