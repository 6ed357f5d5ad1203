// Emulated links that follow the traces and events of their fleet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "emulation/link_control.h"
#include "fleet/trace.h"
#include "foundation/error.h"

namespace convoy::emulation {

// A fleet whose links are as slow as their traces ever make them, outages apart; with this the
// network is to be created, so that every link that changes has a bandwidth and frames that suit
// it.
[[nodiscard]] fleet::Fleet at_slowest(fleet::Fleet fleet, const fleet::FleetChanges& changes);

// From its begin on, links have the rates and latencies of their traces, step by step of at least a
// tenth of a second, and are cut while they have less than 1500 bytes a second. Who is absent, and
// whose own trace is so low, is out of this host's reach, too. A thread of its own makes the
// changes; it ends at once with its owner.
class NetworkChanges {
 public:
  // `devices`: those that are emulated. Links are those of time 0 already, and who joins later is
  // out of reach. `links` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<NetworkChanges>> create(
      LinkControl& links, const fleet::Fleet& fleet, const std::vector<DeviceId>& devices,
      const fleet::FleetChanges& changes);
  NetworkChanges(const NetworkChanges&) = delete;
  NetworkChanges& operator=(const NetworkChanges&) = delete;

  // Time 0 is now. Once.
  void begin();
  [[nodiscard]] bool is_present(DeviceId device) const;
  // What ended it early.
  [[nodiscard]] std::optional<Error> problem() const;

 private:
  using Time = std::chrono::steady_clock::time_point;

  NetworkChanges(LinkControl& links, const std::vector<DeviceId>& devices)
      : links_(links), devices_(devices) {}
  void follow(const std::stop_token& stop, Time zero);
  [[nodiscard]] Result<void> apply(const fleet::FleetInterval& interval);

  LinkControl& links_;
  std::vector<DeviceId> devices_;
  fleet::Fleet fleet_;  // and the coordinator, as its last device
  fleet::FleetChanges changes_;

  mutable std::mutex state_;
  ById<DeviceId, bool> present_;
  std::optional<Error> problem_;
  std::condition_variable_any waiting_;
  std::jthread thread_;  // last: it ends first
};

}  // namespace convoy::emulation
