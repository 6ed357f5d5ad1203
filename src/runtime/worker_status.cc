#include "runtime/worker_status.h"

#include <utility>

#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

Bytes bytes(std::uint64_t count) { return Bytes(static_cast<std::int64_t>(count)); }

}  // namespace

FleetStatus::Device device_status(std::string name, const wire::Figures& figures) {
  FleetStatus::Device device{.name = std::move(name),
                             .here = true,
                             .memory = bytes(figures.resident_memory_bytes()),
                             .peak_memory = bytes(figures.peak_memory_bytes()),
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
                            .sent = bytes(link.sent_bytes())});
  }
  status.devices.push_back(device_status(name, figures));
  return status;
}

}  // namespace convoy::runtime
