#include "emulation/network_changes.h"

#include <algorithm>
#include <utility>

namespace convoy::emulation {
namespace {

// Slower than a frame a second is an outage: after one at such a rate a link would stand still.
constexpr BytesPerSecond kSlowest{1500};
constexpr Seconds kShortest{0.1};

bool is_cut(const fleet::Link& link) {
  return link.bandwidth.value() > 0 && link.bandwidth < kSlowest;
}

// Intervals are made for so long at a time, as traces never end.
constexpr Seconds kChunk{10};

void slow_down(fleet::Link& link, const fleet::Trace& trace) {
  for (const fleet::TraceStep& step : trace) {
    if (step.bandwidth < kSlowest) continue;
    link.bandwidth =
        link.bandwidth.value() == 0 ? step.bandwidth : std::min(link.bandwidth, step.bandwidth);
  }
}

}  // namespace

fleet::Fleet at_slowest(fleet::Fleet fleet, const fleet::FleetChanges& changes) {
  for (const fleet::LinkTrace& link : changes.links) {
    slow_down(fleet.links[link.from][link.to], link.trace);
  }
  for (const fleet::DeviceTrace& traced : changes.devices) {
    for (const DeviceId other : fleet.devices.ids()) {
      if (other == traced.device) continue;
      slow_down(fleet.links[traced.device][other], traced.trace);
      slow_down(fleet.links[other][traced.device], traced.trace);
    }
  }
  return fleet;
}

Result<std::unique_ptr<NetworkChanges>> NetworkChanges::create(LinkControl& links,
                                                               const fleet::Fleet& fleet,
                                                               const std::vector<DeviceId>& devices,
                                                               const fleet::FleetChanges& changes) {
  std::unique_ptr<NetworkChanges> made(new NetworkChanges(links, devices));
  made->changes_ = changes;
  made->fleet_ = fleet;
  // What bears on all links of a device bears on that with the coordinator.
  made->fleet_.devices.push_back({});
  for (auto& from : made->fleet_.links) from.push_back({});
  made->fleet_.links.push_back(ById<DeviceId, fleet::Link>(made->fleet_.devices.size()));

  fleet::FleetInterval first =
      fleet_over_time(made->fleet_, changes, {.horizon = kShortest, .shortest = kShortest}).front();
  for (const DeviceId from : first.fleet.devices.ids()) {
    for (const DeviceId to : first.fleet.devices.ids()) {
      fleet::Link& link = first.fleet.links[from][to];
      if (first.present[from] && first.present[to] && is_cut(link)) {
        link = made->fleet_.links[from][to];
      }
    }
  }
  if (auto applied = made->apply(first); !applied) return std::unexpected(applied.error());
  return made;
}

void NetworkChanges::begin() {
  thread_ = std::jthread([this, zero = std::chrono::steady_clock::now()](
                             const std::stop_token& stop) { follow(stop, zero); });
}

bool NetworkChanges::is_present(DeviceId device) const {
  const std::lock_guard lock(state_);
  return present_[device];
}

std::optional<Error> NetworkChanges::problem() const {
  const std::lock_guard lock(state_);
  return problem_;
}

void NetworkChanges::follow(const std::stop_token& stop, Time zero) {
  Seconds at{0};
  while (true) {
    for (const fleet::FleetInterval& interval : fleet_over_time(
             fleet_, changes_, {.begin = at, .horizon = at + kChunk, .shortest = kShortest})) {
      const Time due = zero + std::chrono::duration_cast<Time::duration>(at);
      {
        std::unique_lock lock(state_);
        waiting_.wait_until(lock, stop, due, [] { return false; });
      }
      if (stop.stop_requested()) return;
      if (auto applied = apply(interval); !applied) {
        const std::lock_guard lock(state_);
        problem_ = within(fmt::format("after {}", to_text(at)), applied.error()).error();
        return;
      }
      at += interval.duration;
    }
  }
}

Result<void> NetworkChanges::apply(const fleet::FleetInterval& interval) {
  const DeviceId coordinator(fleet_.devices.size() - 1);
  for (const DeviceId from : devices_) {
    const auto& links = interval.fleet.links[from];
    Result<void> done = links_.set_reachable(from, !is_cut(links[coordinator]));
    for (const DeviceId to : devices_) {
      if (from == to || !done) continue;
      done = links_.set(from, to, {links[to].bandwidth, links[to].latency, is_cut(links[to])});
    }
    if (!done) return done;
  }
  const std::lock_guard lock(state_);
  present_ = interval.present;
  return {};
}

}  // namespace convoy::emulation
