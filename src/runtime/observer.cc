#include "runtime/observer.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "runtime/wire.h"
#include "runtime/worker_status.h"

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 1s;
// Who has not answered by then is told of as before.
constexpr auto kPatience = 500ms;
// Rates are over so many beats.
constexpr std::size_t kRateSpan = 10;
constexpr std::size_t kMostRequests = 100'000;   // 40 bytes each
constexpr std::size_t kMostIntervals = 300'000;  // 48 bytes each

}  // namespace

Observer::Observer(const fleet::Fleet& fleet, std::function<void(const FleetStatus&)> publish,
                   bool keeps_timeline)
    : publish_(std::move(publish)), keeps_timeline_(keeps_timeline) {
  for (const fleet::Device& device : fleet.devices) devices_.push_back(device.name);
}

void Observer::begin(Time now, double now_s) {
  began_ = now;
  began_s_ = now_s;
}

void Observer::look(Conductor& conductor, Time now) {
  if (!publish_ && !keeps_timeline_) return;
  if (awaits_ && (!conductor.awaits_status() || now - asked_ > kPatience)) {
    awaits_ = false;
    gather(conductor);
    publish(conductor, now);
  }
  if (now - asked_ < kBeat) return;
  asked_ = now;
  awaits_ = true;
  conductor.ask_status(keeps_timeline_, now);
}

void Observer::submitted(std::uint64_t request, Time now) {
  if (publish_ || keeps_timeline_) under_way_.push_back({request, now});
}

void Observer::answered(const Result<Answer>& answer, Time now) {
  if (under_way_.empty()) return;
  // Answers come in the order of submission.
  const UnderWay done = under_way_.front();
  under_way_.pop_front();
  if (answer) {
    ++requests_.answered;
    requests_.latency.add(answer->latency);
  } else {
    ++requests_.failed;
  }
  if (!keeps_timeline_) return;
  const Seconds begin = done.submitted - began_;
  past_requests_.push_back({.number = done.request,
                            .begin = begin,
                            .end = answer ? begin + answer->latency : now - began_,
                            .failed = !answer});
  if (past_requests_.size() <= kMostRequests) return;
  past_requests_.pop_front();
  ++forgotten_;
}

void Observer::sent(DeviceId device, const Parts& parts) {
  if (!publish_) return;
  sent_[device] += bytes_of(parts);
}

void Observer::gather(Conductor& conductor) {
  for (auto& [device, figures] : conductor.take_status()) {
    const double origin_s = began_s_ + conductor.clock_offset(device).count();
    std::ranges::copy(intervals_of(figures, origin_s), std::back_inserter(intervals_));
    for (; intervals_.size() > kMostIntervals; ++forgotten_) intervals_.pop_front();
    figures_.insert_or_assign(device, std::move(figures));
  }
}

void Observer::publish(const Conductor& conductor, Time now) {
  if (!publish_) return;
  FleetStatus current = status(conductor, now);
  if (!published_.empty()) add_rates(current, published_.front());
  if (!published_.empty() && published_.front().epoch != current.epoch) published_.clear();
  published_.push_back(current);
  if (published_.size() > kRateSpan) published_.pop_front();
  publish_(current);
}

FleetStatus Observer::status(const Conductor& conductor, Time now) const {
  FleetStatus status{.name = "coordinator", .up = now - began_};
  status.epoch = count_of_epoch(conductor.epoch());
  status.plan = conductor.running();
  status.requests = requests_;
  status.requests->in_flight = conductor.underway();
  status.requests->dropped = conductor.drops().messages();
  status.losses = conductor.recoveries();
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const DeviceId id(i);
    FleetStatus::Device device{.name = devices_[i], .here = conductor.is_here(id)};
    const auto said = figures_.find(id);
    if (device.here && said != figures_.end()) device = device_status(devices_[i], said->second);
    if (const auto& trouble = conductor.trouble(id)) device.trouble = trouble->message;
    status.devices.push_back(std::move(device));
  }
  if (conductor.running()) add_stages(status, conductor);
  return status;
}

void Observer::add_stages(FleetStatus& status, const Conductor& conductor) const {
  const Route& route = conductor.route(*conductor.running());
  const onnx::SplitMap& map = conductor.plan(*conductor.running()).map;
  const auto id_of = [&](const std::string& name) {
    return DeviceId(static_cast<std::size_t>(std::ranges::find(devices_, name) - devices_.begin()));
  };
  // Of this epoch.
  const auto figures_of = [&](const std::string& name) -> const wire::Figures* {
    const auto said = figures_.find(id_of(name));
    const bool fits = said != figures_.end() && said->second.epoch() == conductor.epoch();
    return fits ? &said->second : nullptr;
  };
  for (const Route::Stage& stage : route.stages) {
    FleetStatus::Stage made{.number = stage.spec.id.index() + 1,
                            .device = route.devices[stage.peer.index() - 1],
                            .file = map.sub_models[stage.sub_model].file};
    const wire::Figures* const figures = figures_of(made.device);
    if (const auto* const said = figures ? report_of(*figures, stage.spec.id) : nullptr) {
      made.requests = said->requests();
      made.busy = Seconds(said->busy_s());
      made.queue = said->waiting();
    }
    status.stages.push_back(std::move(made));
  }
  for (const std::string& device : route.devices) {
    const auto sent = sent_.find(id_of(device));
    if (sent == sent_.end()) continue;
    status.links.push_back({.from = "coordinator", .to = device, .sent = sent->second});
  }
  for (const std::string& device : route.devices) {
    const wire::Figures* const figures = figures_of(device);
    if (!figures) continue;
    for (const wire::LinkReport& link : figures->links()) {
      if (link.to() > route.devices.size()) continue;
      status.links.push_back(
          {.from = device,
           .to = link.to() == 0 ? "coordinator" : route.devices[link.to() - 1],
           .sent = bytes_of(link.sent_bytes())});
    }
  }
}

Timeline Observer::timeline(Conductor& conductor) {
  gather(conductor);
  Timeline timeline{.devices = devices_,
                    .requests = {past_requests_.begin(), past_requests_.end()},
                    .intervals = {intervals_.begin(), intervals_.end()},
                    .reigns = conductor.reigns(),
                    .losses = conductor.recoveries(),
                    .forgotten = forgotten_};
  for (const UnderWay& request : under_way_) {
    timeline.requests.push_back({.number = request.request, .begin = request.submitted - began_});
  }
  for (std::size_t plan = 0; plan < conductor.plans(); ++plan) {
    std::vector<std::string> files;
    for (const onnx::SubModel& part : conductor.plan(plan).map.sub_models) {
      files.push_back(part.file);
    }
    timeline.plans.push_back(timeline_plan(conductor.route(plan), files, devices_));
  }
  std::ranges::sort(timeline.intervals, {}, [](const Timeline::Interval& interval) {
    return std::tuple(interval.begin, interval.stage, interval.request);
  });
  return timeline;
}

}  // namespace convoy::runtime
