#include "fleet/trace.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "foundation/file.h"
#include "foundation/json.h"

namespace convoy::fleet {
namespace {

constexpr double kMostDuration_ms = 1e9;
constexpr double kMostBandwidth_kbps = 1e12;
constexpr double kMostLatency_ms = 1e6;
constexpr double kNothing = 1;  // bytes a second, below which nothing gets through

// Quick to ask for a mean: what has passed by the end of each step.
class Course {
 public:
  Course(const Trace& trace, Seconds offset) : trace_(&trace), offset_(offset.count()) {
    Sums sums;
    for (const TraceStep& step : trace) {
      const double duration = step.duration.count();
      sums = {sums.time + duration, sums.bytes + duration * step.bandwidth.value(),
              sums.latency + duration * step.latency.count()};
      ends_.push_back(sums);
    }
  }

  struct Mean {
    double bandwidth;
    double latency;
  };
  [[nodiscard]] Mean mean(double from, double to) const {
    const Sums a = until(from + offset_);
    const Sums b = until(to + offset_);
    return {(b.bytes - a.bytes) / (to - from), (b.latency - a.latency) / (to - from)};
  }
  // The first end of a step at this time or later.
  [[nodiscard]] double next_end(double time) const {
    constexpr double kSame = 1e-9;
    const double rounds = std::floor((time + offset_) / whole().time);
    const double within = time + offset_ - rounds * whole().time;
    if (within <= kSame) return time;
    const auto at = std::ranges::lower_bound(ends_, within - kSame, {}, &Sums::time);
    const double end = at == ends_.end() ? whole().time : at->time;
    return rounds * whole().time + end - offset_;
  }

 private:
  struct Sums {
    double time = 0;
    double bytes = 0;
    double latency = 0;
  };
  [[nodiscard]] const Sums& whole() const { return ends_.back(); }
  // Since the trace's start.
  [[nodiscard]] Sums until(double time) const {
    const double rounds = std::floor(time / whole().time);
    const double within = std::max(0.0, time - rounds * whole().time);
    const auto at = std::ranges::upper_bound(ends_, within, {}, &Sums::time);
    const auto step = std::min<std::ptrdiff_t>(at - ends_.begin(), std::ssize(ends_) - 1);
    const Sums begun = step == 0 ? Sums{} : ends_[static_cast<std::size_t>(step - 1)];
    const TraceStep& running = (*trace_)[static_cast<std::size_t>(step)];
    const double spent = within - begun.time;
    return {rounds * whole().time + within,
            rounds * whole().bytes + begun.bytes + spent * running.bandwidth.value(),
            rounds * whole().latency + begun.latency + spent * running.latency.count()};
  }

  const Trace* trace_;
  double offset_;
  std::vector<Sums> ends_;
};

// Everything that bears on one link.
using Courses = ById<DeviceId, ById<DeviceId, std::vector<const Course*>>>;

Link link_between(const Link& own, const std::vector<const Course*>& courses, double from,
                  double to) {
  Link link = own;
  for (const Course* course : courses) {
    const Course::Mean mean = course->mean(from, to);
    const BytesPerSecond limit =
        mean.bandwidth < kNothing ? kBlackOut : BytesPerSecond(mean.bandwidth);
    link.bandwidth = link.bandwidth.value() == 0 ? limit : std::min(link.bandwidth, limit);
    link.latency += Seconds(mean.latency);
  }
  return link;
}

// But for what rounding does.
bool same(const FleetInterval& a, const FleetInterval& b) {
  const auto near = [](double x, double y) { return std::abs(x - y) <= 1e-9 * std::max(x, y); };
  if (a.present != b.present) return false;
  return std::ranges::equal(a.fleet.links, b.fleet.links, [&](const auto& x, const auto& y) {
    return std::ranges::equal(x, y, [&](const Link& one, const Link& other) {
      return near(one.bandwidth.value(), other.bandwidth.value()) &&
             near(one.latency.count(), other.latency.count());
    });
  });
}

ById<DeviceId, bool> present_at_first(const Fleet& fleet, const FleetChanges& changes) {
  ById<DeviceId, bool> present(fleet.devices.size(), true);
  for (const DeviceId device : fleet.devices.ids()) {
    const auto first = std::ranges::find(changes.events, device, &FleetEvent::device);
    if (first != changes.events.end()) present[device] = first->what == Happening::leaves;
  }
  return present;
}

}  // namespace

Result<Trace> read_trace(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  return read_json(*text, file.string(), [](const nlohmann::json& steps) -> Result<Trace> {
    if (!steps.is_array()) throw Malformed{"a trace is a list of steps"};
    Trace trace;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto number = [&](const char* key, double most) {
        try {
          return json_member_number(steps[i], key, most);
        } catch (const Malformed& problem) {
          throw Malformed{fmt::format("step {}: {}", i + 1, problem.what)};
        }
      };
      const TraceStep step{
          .duration = Seconds(number("duration_ms", kMostDuration_ms) / 1e3),
          .bandwidth = BytesPerSecond(number("bandwidth_kbps", kMostBandwidth_kbps) * 1e3 / 8),
          .latency = Seconds(number("latency_ms", kMostLatency_ms) / 1e3)};
      if (step.duration > Seconds(0)) trace.push_back(step);
    }
    if (trace.empty()) throw Malformed{"the trace has no step of any duration"};
    return trace;
  });
}

Seconds duration_of(const Trace& trace) {
  Seconds sum{0};
  for (const TraceStep& step : trace) sum += step.duration;
  return sum;
}

bool FleetChanges::has_latency() const {
  const auto is_traced = [](const auto& traced) {
    return std::ranges::any_of(traced.trace,
                               [](const TraceStep& step) { return step.latency.count() > 0; });
  };
  return std::ranges::any_of(links, is_traced) || std::ranges::any_of(devices, is_traced);
}

Seconds duration_of(const FleetChanges& changes) {
  constexpr Seconds kAfterEvents{60};
  Seconds longest{0};
  for (const LinkTrace& link : changes.links) longest = std::max(longest, duration_of(link.trace));
  for (const DeviceTrace& device : changes.devices) {
    longest = std::max(longest, duration_of(device.trace));
  }
  if (!changes.events.empty()) longest = std::max(longest, changes.events.back().at + kAfterEvents);
  return longest;
}

bool is_dead(const Link& link) { return link.bandwidth.value() > 0 && link.bandwidth <= kBlackOut; }

std::vector<FleetInterval> fleet_over_time(const Fleet& fleet, const FleetChanges& changes,
                                           const IntervalOptions& options) {
  const std::size_t size = fleet.devices.size();
  std::vector<Course> courses;
  courses.reserve(changes.links.size() + changes.devices.size());  // as they are pointed to
  Courses bears_on(size, ById<DeviceId, std::vector<const Course*>>(size));
  for (const LinkTrace& link : changes.links) {
    bears_on[link.from][link.to].push_back(&courses.emplace_back(link.trace, link.offset));
  }
  for (const DeviceTrace& device : changes.devices) {
    const Course* const course = &courses.emplace_back(device.trace, device.offset);
    for (const DeviceId other : fleet.devices.ids()) {
      if (other == device.device) continue;
      bears_on[device.device][other].push_back(course);
      bears_on[other][device.device].push_back(course);
    }
  }

  std::vector<FleetInterval> intervals;
  ById<DeviceId, bool> present = present_at_first(fleet, changes);
  auto event = changes.events.begin();
  const double horizon = options.horizon.count();
  for (double begin = options.begin.count(); begin < horizon;) {
    for (; event != changes.events.end() && event->at.count() <= begin; ++event) {
      present[event->device] = event->what == Happening::joins;
    }
    double end = event == changes.events.end() ? horizon : std::min(horizon, event->at.count());
    for (const Course& course : courses) {
      end = std::min(end, course.next_end(begin + options.shortest.count()));
    }
    FleetInterval interval{.duration = Seconds(end - begin), .fleet = fleet, .present = present};
    for (const DeviceId from : fleet.devices.ids()) {
      for (const DeviceId to : fleet.devices.ids()) {
        Link& link = interval.fleet.links[from][to];
        link = link_between(link, bears_on[from][to], begin, end);
        if (from != to && !(present[from] && present[to])) link.bandwidth = kBlackOut;
      }
    }
    if (!intervals.empty() && same(intervals.back(), interval)) {
      intervals.back().duration += interval.duration;
    } else {
      intervals.push_back(std::move(interval));
    }
    begin = end;
  }
  return intervals;
}

FleetInterval mean_of(const std::vector<FleetInterval>& intervals) {
  FleetInterval mean = intervals.front();
  mean.duration = Seconds(0);
  for (const FleetInterval& interval : intervals) mean.duration += interval.duration;
  for (const DeviceId from : mean.fleet.devices.ids()) {
    for (const FleetInterval& interval : intervals) {
      if (interval.present[from]) mean.present[from] = true;
    }
    for (const DeviceId to : mean.fleet.devices.ids()) {
      Link& link = mean.fleet.links[from][to];
      double bandwidth = 0;
      link.latency = Seconds(0);
      bool is_limited = true;
      for (const FleetInterval& interval : intervals) {
        const Link& other = interval.fleet.links[from][to];
        const double share = interval.duration / mean.duration;
        is_limited &= other.bandwidth.value() > 0;
        bandwidth += is_dead(other) ? 0 : share * other.bandwidth.value();
        link.latency += share * other.latency;
      }
      link.bandwidth = BytesPerSecond(is_limited ? std::max(bandwidth, kBlackOut.value()) : 0);
    }
  }
  return mean;
}

}  // namespace convoy::fleet
