#include "runtime/worker_status.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/wire.h"

namespace convoy::runtime {

const wire::StageReport* report_of(const wire::Figures& figures, StageId stage) {
  const auto found = std::ranges::find(figures.stages(), stage.index(), &wire::StageReport::stage);
  return found == figures.stages().end() ? nullptr : &*found;
}

std::vector<Timeline::Interval> intervals_of(const wire::Figures& figures, double origin_s) {
  const int count = std::min({figures.interval_stage_size(), figures.interval_epoch_size(),
                              figures.interval_request_size(), figures.interval_ready_s_size(),
                              figures.interval_start_s_size(), figures.interval_end_s_size()});
  std::vector<Timeline::Interval> intervals;
  for (int k = 0; k < count; ++k) {
    const Timeline::Interval interval{.epoch = figures.interval_epoch(k),
                                      .stage = figures.interval_stage(k),
                                      .request = figures.interval_request(k),
                                      .ready = Seconds(figures.interval_ready_s(k) - origin_s),
                                      .begin = Seconds(figures.interval_start_s(k) - origin_s),
                                      .end = Seconds(figures.interval_end_s(k) - origin_s)};
    const bool makes_sense =
        std::isfinite(interval.ready.count()) && std::isfinite(interval.begin.count()) &&
        std::isfinite(interval.end.count()) && interval.begin <= interval.end;
    if (makes_sense) intervals.push_back(interval);
  }
  return intervals;
}

FleetStatus::Device device_status(std::string name, const wire::Figures& figures) {
  FleetStatus::Device device{.name = std::move(name),
                             .here = true,
                             .memory = bytes_of(figures.resident_memory_bytes()),
                             .peak_memory = bytes_of(figures.peak_memory_bytes()),
                             .cpu = Seconds(figures.process_cpu_s()),
                             .dropped = from_wire(figures.dropped()).messages()};
  if (figures.has_temperature_c()) device.temperature_c = figures.temperature_c();
  return device;
}

FleetStatus worker_status(const std::string& name, const wire::Figures& figures,
                          const std::map<PeerId, std::string>& peers, Seconds up) {
  FleetStatus status{.name = name, .up = up, .epoch = count_of_epoch(figures.epoch())};
  for (const wire::StageReport& stage : figures.stages()) {
    status.stages.push_back({.number = stage.stage() + std::size_t{1},
                             .device = name,
                             .requests = stage.requests(),
                             .busy = Seconds(stage.busy_s()),
                             .queue = stage.waiting()});
  }
  for (const wire::LinkReport& link : figures.links()) {
    const auto peer = peers.find(PeerId(link.to()));
    status.links.push_back({.from = name,
                            .to = peer == peers.end() ? "coordinator" : peer->second,
                            .sent = bytes_of(link.sent_bytes())});
  }
  status.devices.push_back(device_status(name, figures));
  return status;
}

}  // namespace convoy::runtime
