// What happened in a run, and when, for pictures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "foundation/units.h"
#include "runtime/recovery.h"
#include "runtime/route.h"

namespace convoy::runtime {

// Times are since the pipeline began, by the coordinator's clock. Those of other machines are as
// exact as their clocks could be compared: to about half of the fastest round trip.
struct Timeline {
  struct Request {
    std::uint64_t number = 0;
    Seconds begin{0};            // submitted
    std::optional<Seconds> end;  // its last output was there; nothing: cancelled or still under way
    bool failed = false;         // `end` is when that was told
  };
  // A stage computing a request.
  struct Interval {
    std::uint64_t epoch = 0;
    std::size_t stage = 0;
    std::uint64_t request = 0;
    Seconds ready{0};  // the last of its inputs was there
    Seconds begin{0};
    Seconds end{0};
  };
  struct Plan {
    struct Stage {
      std::size_t device = 0;
      std::string file;
      std::vector<std::size_t> readers;  // stages on other devices
    };
    std::vector<Stage> stages;
  };

  std::vector<std::string> devices;
  std::vector<Plan> plans;
  std::vector<Request> requests;
  std::vector<Interval> intervals;
  std::vector<Reign> reigns;
  std::vector<Recovery> losses;
  std::uint64_t forgotten = 0;  // requests and intervals that were too many to keep: the oldest
};

// Which device runs which stage, and for whom. Devices: names of which the route's are some.
[[nodiscard]] Timeline::Plan timeline_plan(const Route& route,
                                           const std::vector<std::string>& files,
                                           const std::vector<std::string>& devices);

// The JSON form of Chrome's Trace Event Format, which ui.perfetto.dev and chrome://tracing open:
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. A process per
// device with a track of its computing ("X", never overlapping) and one of its transfers; one for
// the coordinator with requests, those that run again, plans in force and losses. What may overlap
// (requests, transfers) are pairs of "b" and "e". A transfer lasts from the end of computing until
// the last of the reader's inputs was there, so for a reader of several stages it is exact for the
// last to arrive only.
[[nodiscard]] std::string to_trace_events(const Timeline& timeline);

}  // namespace convoy::runtime
