#include "plan/messages.h"

#include <algorithm>
#include <map>

#include "plan/evaluate.h"

namespace convoy::plan {

using fleet::Contention;

Roster roster_of(const CostGraph& graph, const Placement& placement) {
  Roster roster;
  roster.stage_of.resize(graph.nodes.size());
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    for (const NodeId node : placement[stage].nodes) roster.stage_of[node] = StageId(stage);
    roster.runners.push_back(runners_of(placement[stage]));
  }
  return roster;
}

std::vector<Message> messages_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                 const Roster& roster, const Runner& from,
                                 const std::vector<ValueId>& outputs) {
  struct Receiver {
    StageId first;  // stage that reads
    Bytes bytes{0};
    double part = 1;
  };
  std::map<DeviceId, Receiver> receivers;
  for (const ValueId value : outputs) {
    std::map<DeviceId, Receiver> readers;
    for (const NodeId consumer : graph.values[value].consumers) {
      const StageId reader = roster.stage_of[consumer];
      if (reader == roster.stage_of[*graph.values[value].producer]) continue;
      for (const auto& [to, part] : roster.runners[reader.index()]) {
        if (to == from.device) continue;
        Receiver& receiver =
            readers.try_emplace(to, Receiver{.first = reader, .part = part}).first->second;
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
        receiver.first, Message{.to = to,
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

Seconds stage_time(const CostGraph& graph, const PlacedStage& stage, DeviceId device) {
  Seconds time = graph.stage_overhead[device];
  for (const NodeId node : stage.nodes) time += graph.compute[device][node];
  return time;
}

Resources::Resources(const fleet::Fleet& fleet)
    : contention_(fleet.contention), devices_(fleet.devices.size()) {
  times_.resize(contention_ == Contention::link    ? devices_ * devices_
                : contention_ == Contention::radio ? devices_
                                                   : 1,
                Seconds(0));
}

std::pair<Seconds&, Seconds&> Resources::of(DeviceId from, DeviceId to) {
  switch (contention_) {
    case Contention::link: {
      Seconds& pair = times_[from.index() * devices_ + to.index()];
      return {pair, pair};
    }
    case Contention::radio:
      return {times_[from.index()], times_[to.index()]};
    case Contention::medium:
      break;
  }
  return {times_[0], times_[0]};
}

void Resources::take_back(DeviceId from, Seconds time) {
  if (contention_ == Contention::radio) times_[from.index()] -= time;
  if (contention_ == Contention::medium) times_[0] -= time;
}

Seconds Resources::longest() const { return std::ranges::max(times_); }

}  // namespace convoy::plan
