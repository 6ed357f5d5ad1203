// How links and a fleet change over time: traces, and devices that join and leave.
#pragma once

#include <filesystem>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"

namespace convoy::fleet {

struct TraceStep {
  Seconds duration{0};
  BytesPerSecond bandwidth{0};  // 0: nothing gets through
  Seconds latency{0};
};
// At least one step, each of some duration. It begins anew where it ends.
using Trace = std::vector<TraceStep>;

// A JSON list `[{duration_ms, bandwidth_kbps, latency_ms}]`, as sabre's
// (github.com/UMass-LIDS/sabre). Steps of no duration are left out. Errors begin with the file and
// the step.
[[nodiscard]] Result<Trace> read_trace(const std::filesystem::path& file);
[[nodiscard]] Seconds duration_of(const Trace& trace);

// At time 0 the trace is `offset` from its start.
struct LinkTrace {
  DeviceId from;
  DeviceId to;
  Trace trace;
  Seconds offset{0};
};
// Of a device's network: holds for all links from it and to it.
struct DeviceTrace {
  DeviceId device;
  Trace trace;
  Seconds offset{0};
};

enum class Happening { joins, leaves };
struct FleetEvent {
  Seconds at{0};
  DeviceId device;
  Happening what = Happening::leaves;
};

struct FleetChanges {
  std::vector<LinkTrace> links;
  std::vector<DeviceTrace> devices;
  std::vector<FleetEvent> events;  // by time; of one device joins and leaves take turns

  [[nodiscard]] bool empty() const { return links.empty() && devices.empty() && events.empty(); }
  [[nodiscard]] bool has_latency() const;
};
// As long as the longest trace, and a minute longer than the last event.
[[nodiscard]] Seconds duration_of(const FleetChanges& changes);

// The bandwidth of a link that carries nothing: 0 stands for no limit. So slow (a byte in twelve
// days) that solvers need no other rule to keep away from it.
inline constexpr BytesPerSecond kBlackOut{1e-6};
[[nodiscard]] bool is_dead(const Link& link);

// A fleet that holds for some time. Ids are those of the fleet as declared; who is absent has dead
// links.
struct FleetInterval {
  Seconds duration{0};
  Fleet fleet;
  ById<DeviceId, bool> present;
};

struct IntervalOptions {
  Seconds begin{0};
  Seconds horizon;        // until when, from time 0
  Seconds shortest{0.5};  // above 0; no interval is shorter, but before an event and at the end
};

// The fleets in force from `begin` on. An interval ends with the first step of any trace that ends
// at least `shortest` after its begin, or at an event; so there are at most horizon / shortest and
// one for each event. In it a trace counts with its mean bandwidth and latency. A link has the
// smallest bandwidth of its own and those of its trace and both devices' traces (less than a byte a
// second is a black-out), and the sum of all their latencies. A device whose first event is that it
// joins is absent before. Neighbours that are equal are joined.
[[nodiscard]] std::vector<FleetInterval> fleet_over_time(const Fleet& fleet,
                                                         const FleetChanges& changes,
                                                         const IntervalOptions& options);

// The fleet of the mean bandwidths and latencies, weighted by time; of links that are there, so a
// dead one counts as nothing got through. Whoever is present at some time is. At least one
// interval.
[[nodiscard]] FleetInterval mean_of(const std::vector<FleetInterval>& intervals);

}  // namespace convoy::fleet
