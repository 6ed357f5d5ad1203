#include "plan/evaluate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "plan/messages.h"
#include "plan/one_request.h"
#include "plan/stage_memory.h"

namespace convoy::plan {
namespace {

using fleet::Contention;
using fleet::Fleet;

// What multicast spares the sender of one stage's results.
std::pair<Seconds, Bytes> spared_by_multicast(const CostGraph& graph, const Fleet& fleet,
                                              const Placement& placement, const Roster& roster,
                                              std::size_t stage, const StageFigures& figures) {
  const DeviceId from = placement[stage].device;
  Seconds time{0};
  Bytes bytes{0};
  for (const ValueId value : figures.outputs) {
    std::set<DeviceId> receivers;
    for (const NodeId consumer : graph.values[value].consumers) {
      receivers.insert(placement[roster.stage_of[consumer].index()].device);
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

}  // namespace

Seconds transfer_time(Bytes bytes, const fleet::Link& link) {
  return link.bandwidth.value() > 0 ? bytes / link.bandwidth : Seconds(0);
}

Figures evaluate(const CostGraph& graph, const Fleet& fleet, const Placement& placement) {
  const Roster roster = roster_of(graph, placement);
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
    for (const Runner& runner : roster.runners[stage]) {
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

      for (const Message& message : messages_of(graph, fleet, roster, runner, of_stage.outputs)) {
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
          spared_by_multicast(graph, fleet, placement, roster, stage, of_stage);
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
  for (const Step& step : one_request(graph, fleet, placement, figures.stages)) {
    if (!step.to) figures.latency = std::max(figures.latency, step.end);
  }
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
