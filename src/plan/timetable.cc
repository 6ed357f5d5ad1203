#include "plan/timetable.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "plan/messages.h"
#include "plan/one_request.h"

namespace convoy::plan {
namespace {

using fleet::Contention;

// Of devices, then of what transfers share, by the ids of who uses it.
using LaneKey = std::pair<int, std::pair<std::size_t, std::size_t>>;

LaneKey device_key(DeviceId device) { return {0, {device.index(), 0}}; }

// The lanes that a transfer occupies: the sender's, and the receiver's where it is another.
std::vector<LaneKey> transfer_keys(const fleet::Fleet& fleet, DeviceId from, DeviceId to) {
  switch (fleet.contention) {
    case Contention::link:
      return {{1, {from.index(), to.index()}}};
    case Contention::radio:
      return {{1, {from.index(), 0}}, {1, {to.index(), 0}}};
    case Contention::medium:
      break;
  }
  return {{1, {0, 0}}};
}

std::string name_of(const LaneKey& key, const fleet::Fleet& fleet) {
  const auto device = [&](std::size_t index) { return fleet.devices[DeviceId(index)].name; };
  const auto& [kind, ids] = key;
  if (kind == 0) return device(ids.first);
  switch (fleet.contention) {
    case Contention::link:
      return fmt::format("{} → {}", device(ids.first), device(ids.second));
    case Contention::radio:
      return "radio of " + device(ids.first);
    case Contention::medium:
      break;
  }
  return "the medium";
}

Timetable timetable_of(std::map<LaneKey, Lane> lanes, Seconds length, const fleet::Fleet& fleet) {
  Timetable table{.length = length, .lanes = {}};
  for (auto& [key, lane] : lanes) {
    if (lane.bars.empty()) continue;
    lane.name = name_of(key, fleet);
    lane.transfers = key.first != 0;
    for (const Bar& bar : lane.bars) lane.busy += bar.end - bar.start;
    std::ranges::stable_sort(lane.bars, {}, &Bar::start);
    table.lanes.push_back(std::move(lane));
  }
  return table;
}

// What one lane has to do in each period, in its order.
struct Task {
  std::optional<StageId> stage;
  std::string what;
  Seconds length{0};
};

// Lays tasks out on lanes that repeat, in the order of one request.
class Period {
 public:
  Period(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan)
      : graph_(graph),
        fleet_(fleet),
        plan_(plan),
        period_(plan.figures.period),
        roster_(roster_of(graph, plan.placement)) {
    for_each_task([this](const LaneKey& key, const Task& task) { free_[key].idle -= task.length; });
    for (auto& [key, free] : free_) free.idle = std::max(Seconds(0), free.idle + period_);
  }

  Timetable lay_out() {
    for (std::size_t stage = 0; stage < plan_.placement.size(); ++stage) {
      for (const Runner& runner : roster_.runners[stage]) lay_out(stage, runner);
    }
    for (const DeviceId device : fleet_.devices.ids()) {
      if (const Task task = transfer_load(device); task.length > Seconds(0))
        (void)place(device_key(device), task, Seconds(0));
    }
    return timetable_of(std::move(lanes_), period_, fleet_);
  }

 private:
  struct Free {
    Seconds idle{0};                // that may still be left between tasks
    std::optional<Seconds> cursor;  // where the last one ends; none: none yet
  };

  [[nodiscard]] Task compute(std::size_t stage, const Runner& runner) const {
    return {StageId(stage), "computes",
            runner.part * stage_time(graph_, plan_.placement[stage], runner.device)};
  }
  [[nodiscard]] std::vector<Message> messages(std::size_t stage, const Runner& runner) const {
    return messages_of(graph_, fleet_, roster_, runner, plan_.figures.stages[stage].outputs);
  }
  [[nodiscard]] Seconds time_of(const Message& message) const {
    return (fleet_.contention == Contention::link ? message.most : message.part) * message.time;
  }
  // Of a message, by lane. With multicast a sender sends all of a stage's at once, with the first.
  [[nodiscard]] std::vector<std::pair<LaneKey, Task>> transfer(std::size_t stage, DeviceId from,
                                                               const Message& message,
                                                               bool is_first) const {
    const std::vector<LaneKey> keys = transfer_keys(fleet_, from, message.to);
    Task sends{StageId(stage), "to " + fleet_.devices[message.to].name, time_of(message)};
    if (fleet_.multicast && fleet_.contention != Contention::link) {
      sends.what = "to all";
      sends.length = is_first ? plan_.figures.stages[stage].send : Seconds(0);
    }
    std::vector<std::pair<LaneKey, Task>> tasks = {{keys.front(), std::move(sends)}};
    if (keys.size() > 1) {
      tasks.push_back(
          {keys.back(), {StageId(stage), "from " + fleet_.devices[from].name, time_of(message)}});
    }
    return tasks;
  }
  // What is left of a device's busy time.
  [[nodiscard]] Task transfer_load(DeviceId device) const {
    Task task{std::nullopt, "is kept busy by transfers", Seconds(0)};
    if (fleet_.devices[device].transfer_load <= 0) return task;
    task.length = plan_.figures.busy[device];
    for (std::size_t stage = 0; stage < plan_.placement.size(); ++stage) {
      for (const Runner& runner : roster_.runners[stage]) {
        if (runner.device == device) task.length -= compute(stage, runner).length;
      }
    }
    if (task.length < 1e-9 * period_) task.length = Seconds(0);  // rounding
    return task;
  }

  void for_each_task(const auto& visit) const {
    for (std::size_t stage = 0; stage < plan_.placement.size(); ++stage) {
      for (const Runner& runner : roster_.runners[stage]) {
        visit(device_key(runner.device), compute(stage, runner));
        bool is_first = true;
        for (const Message& message : messages(stage, runner)) {
          for (const auto& [key, task] : transfer(stage, runner.device, message, is_first))
            visit(key, task);
          is_first = false;
        }
      }
    }
    for (const DeviceId device : fleet_.devices.ids()) {
      visit(device_key(device), transfer_load(device));
    }
  }

  void lay_out(std::size_t stage, const Runner& runner) {
    Seconds ready{0};
    for (const ValueId value : plan_.figures.stages[stage].inputs) {
      const auto producer = graph_.values[value].producer;
      if (!producer) continue;
      const auto made = there_.find({roster_.stage_of[*producer], runner.device});
      if (made != there_.end()) ready = std::max(ready, made->second);
    }
    const Seconds end = place(device_key(runner.device), compute(stage, runner), ready);
    there_[{StageId(stage), runner.device}] = end;
    bool is_first = true;
    for (const Message& message : messages(stage, runner)) {
      Seconds sent = end;
      for (const auto& [key, task] : transfer(stage, runner.device, message, is_first))
        sent = std::max(sent, place(key, task, end));
      is_first = false;
      Seconds& there = there_[{StageId(stage), message.to}];
      there = std::max(there, sent + fleet_.links[runner.device][message.to].latency);
    }
  }

  // How much later than `from` the position of `to` in a period is.
  [[nodiscard]] Seconds from_to(Seconds from, Seconds to) const {
    const double later = std::fmod((to - from).count(), period_.count());
    const double positive = later < 0 ? later + period_.count() : later;
    return Seconds(positive > period_.count() * (1 - 1e-9) ? 0 : positive);
  }

  // Behind the last task of the lane, and where `ready` falls if the lane has so much time to
  // spare. When it ends, in the time of the newest request.
  Seconds place(const LaneKey& key, const Task& task, Seconds ready) {
    if (!(task.length > Seconds(0)) || !(period_ > Seconds(0))) return ready;
    Free& free = free_[key];
    Seconds position = ready;
    if (free.cursor) {
      const Seconds wait = from_to(*free.cursor, ready);
      position = *free.cursor;
      if (wait <= free.idle) {
        position += wait;
        free.idle -= wait;
      }
    }
    free.cursor = position + task.length;
    const Seconds start = ready + from_to(ready, position);
    const double turn = std::floor(start / period_ + 1e-9);
    const Seconds begin = std::max(Seconds(0), start - turn * period_);
    std::vector<Bar>& bars = lanes_[key].bars;
    const Seconds end = begin + task.length;
    const int age = static_cast<int>(turn);
    bars.push_back({task.stage, task.what, begin, std::min(end, period_), age});
    if (end > period_ * (1 + 1e-9)) {
      bars.push_back({task.stage, task.what, Seconds(0), end - period_, age + 1});
    }
    return start + task.length;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Plan& plan_;
  Seconds period_;
  Roster roster_;
  std::map<LaneKey, Free> free_;
  std::map<LaneKey, Lane> lanes_;
  std::map<std::pair<StageId, DeviceId>, Seconds> there_;  // when a stage's results are on a device
};

}  // namespace

Timetable one_period(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan) {
  return Period(graph, fleet, plan).lay_out();
}

Timetable one_life(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan) {
  std::map<LaneKey, Lane> lanes;
  for (const Step& step : one_request(graph, fleet, plan.placement, plan.figures.stages)) {
    if (!(step.end > step.start)) continue;
    if (!step.to) {
      lanes[device_key(step.device)].bars.push_back({step.stage, "computes", step.start, step.end});
      continue;
    }
    const std::vector<LaneKey> keys = transfer_keys(fleet, step.device, *step.to);
    lanes[keys.front()].bars.push_back(
        {step.stage, "to " + fleet.devices[*step.to].name, step.start, step.end});
    if (keys.size() > 1) {
      lanes[keys.back()].bars.push_back(
          {step.stage, "from " + fleet.devices[step.device].name, step.start, step.end});
    }
  }
  return timetable_of(std::move(lanes), plan.figures.latency, fleet);
}

}  // namespace convoy::plan
