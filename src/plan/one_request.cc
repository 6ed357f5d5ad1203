#include "plan/one_request.h"

#include <algorithm>
#include <map>
#include <utility>

#include "plan/messages.h"

namespace convoy::plan {
namespace {

// Each stage on its slowest runner alone.
Roster slowest(const CostGraph& graph, const Placement& placement) {
  Roster of_one = roster_of(graph, placement);
  of_one.runners.clear();
  for (const PlacedStage& stage : placement) {
    const std::vector<Runner> runners = runners_of(stage);
    const Runner& runner = *std::ranges::max_element(
        runners, {}, [&](const Runner& one) { return stage_time(graph, stage, one.device); });
    of_one.runners.push_back({{.device = runner.device, .part = 1}});
  }
  return of_one;
}

}  // namespace

std::vector<Step> one_request(const CostGraph& graph, const fleet::Fleet& fleet,
                              const Placement& placement, const std::vector<StageFigures>& stages) {
  const Roster roster = slowest(graph, placement);
  Resources free_at(fleet);
  ById<DeviceId, Seconds> device_free(fleet.devices.size(), Seconds(0));
  std::map<std::pair<StageId, DeviceId>, Seconds> arrived;  // messages, by sender and receiver
  std::vector<Step> steps;
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const Runner& runner = roster.runners[stage].front();
    const DeviceId device = runner.device;
    Seconds start = device_free[device];
    for (const ValueId value : stages[stage].inputs) {
      const auto producer = graph.values[value].producer;
      if (!producer) continue;
      const auto message = arrived.find({roster.stage_of[*producer], device});
      if (message != arrived.end()) start = std::max(start, message->second);
    }
    const Seconds end = start + stage_time(graph, placement[stage], device);
    device_free[device] = end;
    steps.push_back({StageId(stage), device, std::nullopt, start, end});
    for (const Message& message :
         messages_of(graph, fleet, roster, runner, stages[stage].outputs)) {
      const auto [first, second] = free_at.of(device, message.to);
      const Seconds begin = std::max({end, first, second});
      const Seconds sent = begin + message.time;
      first = second = sent;
      arrived[{StageId(stage), message.to}] = sent + fleet.links[device][message.to].latency;
      steps.push_back({StageId(stage), device, message.to, begin, sent});
    }
  }
  return steps;
}

}  // namespace convoy::plan
