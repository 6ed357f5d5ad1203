// Keeps what there is to see of a pipeline. It asks the devices; times come in.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "messages.pb.h"
#include "runtime/conductor.h"
#include "runtime/fleet_status.h"
#include "runtime/timeline.h"

namespace convoy::runtime {

// Of one thread. It costs nothing when nobody wants to see: no `publish`, no timeline. Memory of a
// timeline: 19 MB at most; then the oldest goes.
class Observer {
 public:
  using Time = Conductor::Time;

  Observer(const fleet::Fleet& fleet, std::function<void(const FleetStatus&)> publish,
           bool keeps_timeline);

  // The pipeline begins; `now_s` is the same moment by the steady clock.
  void begin(Time now, double now_s);
  // About once a second: asks the devices, and publishes when they have answered.
  void look(Conductor& conductor, Time now);

  void submitted(std::uint64_t request, Time now);
  void answered(const Result<Answer>& answer, Time now);
  // Nobody waits for what was submitted so far.
  void forget() { under_way_.clear(); }
  void sent(DeviceId device, const Parts& parts);

  // As far as the devices have answered.
  [[nodiscard]] Timeline timeline(Conductor& conductor);

 private:
  // What came from the devices.
  void gather(Conductor& conductor);
  [[nodiscard]] FleetStatus status(const Conductor& conductor, Time now) const;
  void add_stages(FleetStatus& status, const Conductor& conductor) const;
  void publish(const Conductor& conductor, Time now);

  std::vector<std::string> devices_;
  std::function<void(const FleetStatus&)> publish_;
  bool keeps_timeline_;
  Time began_;
  double began_s_ = 0;

  Time asked_;
  bool awaits_ = false;  // answers, to publish
  std::map<DeviceId, wire::Figures> figures_;
  std::map<DeviceId, Bytes> sent_;     // by the coordinator
  std::deque<FleetStatus> published_;  // within kRateSpan
  FleetStatus::Requests requests_;

  struct UnderWay {
    std::uint64_t request = 0;
    Time submitted;
  };
  std::deque<UnderWay> under_way_;
  std::deque<Timeline::Request> past_requests_;
  std::deque<Timeline::Interval> intervals_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace convoy::runtime
