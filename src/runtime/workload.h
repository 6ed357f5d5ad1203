// The stages that a worker runs, and what they did.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "foundation/units.h"
#include "messages.pb.h"
#include "runtime/computer.h"
#include "runtime/stage.h"

namespace convoy::runtime {

// No sockets, no threads, no clock; times are by the worker's.
class Workload {
 public:
  // What a parcel led to, in all stages.
  struct Step {
    std::vector<Job> jobs;
    std::vector<Delivery> deliveries;
    std::vector<StageId> keepers;  // stages that keep something of the parcel until they computed it
    std::vector<StageId> failed;   // stages that keep nothing of the request any more
    std::size_t dropped = 0;
  };

  // Of the peer `self`; in place of those before.
  void replace(std::vector<StageSpec> stages, PeerId self);
  void clear() { replace({}, PeerId()); }
  // Intervals of earlier epochs, which are otherwise kept.
  void forget_intervals() { intervals_.clear(); }
  // As Stage's; counting begins anew.
  void start(std::uint64_t epoch, std::uint64_t window);
  [[nodiscard]] Step accept(const Parcel& parcel, double now_s);
  void cancel(std::uint64_t epoch, std::uint64_t request);
  // Nothing when its epoch is over or it was cancelled.
  [[nodiscard]] std::vector<Delivery> finish(Computed computed);

  // Adds stages, links and, if asked for, the busy intervals that ended after `after_s`.
  void report(wire::Figures& figures, bool with_intervals, double after_s = 0) const;

 private:
  struct Running {
    Stage stage;
    std::uint64_t requests = 0;
    Seconds busy{0};
    Bytes sent{0};
    std::map<std::uint64_t, double> waiting;  // requests to be computed, since when
  };
  struct Interval {
    StageId stage;
    std::uint64_t epoch = 0;
    std::uint64_t request = 0;
    double ready_s = 0;
    double start_s = 0;
    double end_s = 0;
  };

  PeerId self_;
  std::map<StageId, Running> stages_;
  std::map<PeerId, Bytes> sent_;
  std::deque<Interval> intervals_;
};

}  // namespace convoy::runtime
