#include "plan/one_request.h"

#include <algorithm>
#include <map>
#include <optional>
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
  std::map<const Seconds*, std::size_t> carried;  // the last step of each resource
  ById<DeviceId, std::optional<std::size_t>> computed(fleet.devices.size());  // each device's last
  std::map<std::pair<StageId, DeviceId>, std::size_t> sent;  // by sender and receiver
  std::vector<Step> steps;
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    const Runner& runner = roster.runners[stage].front();
    const DeviceId device = runner.device;
    Step run{.stage = StageId(stage), .device = device, .to = std::nullopt};
    run.after = computed[device];
    if (run.after) run.start = steps[*run.after].end;
    for (const ValueId value : stages[stage].inputs) {
      const auto producer = graph.values[value].producer;
      if (!producer) continue;
      const auto found = sent.find({roster.stage_of[*producer], device});
      if (found == sent.end()) continue;
      const Step& message = steps[found->second];
      const Seconds arrival = message.end + fleet.links[message.device][device].latency;
      if (arrival <= run.start) continue;
      run.start = arrival;
      run.after = found->second;
    }
    run.end = run.start + stage_time(graph, placement[stage], device);
    const std::size_t own = steps.size();
    computed[device] = own;
    steps.push_back(run);
    for (const Message& message :
         messages_of(graph, fleet, roster, runner, stages[stage].outputs)) {
      const auto [first, second] = free_at.of(device, message.to);
      Step send{.stage = run.stage, .device = device, .to = message.to, .start = run.end};
      send.bytes = message.bytes;
      send.after = own;
      for (Seconds* const resource : {&first, &second}) {
        if (*resource <= send.start) continue;
        send.start = *resource;
        send.after = carried[resource];
      }
      send.end = send.start + message.time;
      first = second = send.end;
      carried[&first] = carried[&second] = steps.size();
      sent[{send.stage, message.to}] = steps.size();
      steps.push_back(send);
    }
  }
  return steps;
}

std::vector<Step> critical_path(const std::vector<Step>& steps) {
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].to && (!next || steps[i].end > steps[*next].end)) next = i;
  }
  std::vector<Step> path;
  for (; next; next = path.back().after) {
    Step step = steps[*next];
    if (!path.empty()) step.end = path.back().start;
    path.push_back(step);
  }
  std::ranges::reverse(path);
  return path;
}

}  // namespace convoy::plan
