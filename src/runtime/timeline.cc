#include "runtime/timeline.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

namespace convoy::runtime {
namespace {

using nlohmann::json;

// Tracks of a device, and of the coordinator, which is process 0.
constexpr int kComputing = 1;
constexpr int kTransfers = 2;
constexpr int kRequests = 1;
constexpr int kPlans = 2;
constexpr int kLosses = 3;

double us(Seconds time) { return time.count() * 1e6; }

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// As text at once, a line each: as values they would take several times the memory.
class Events {
 public:
  void process(std::size_t process, const std::string& name) {
    add({{"ph", "M"}, {"name", "process_name"}, {"pid", process}, {"args", {{"name", name}}}});
    add({{"ph", "M"},
         {"name", "process_sort_index"},
         {"pid", process},
         {"args", {{"sort_index", process}}}});
  }
  void track(std::size_t process, int track, const char* name) {
    add({{"ph", "M"},
         {"name", "thread_name"},
         {"pid", process},
         {"tid", track},
         {"args", {{"name", name}}}});
  }
  void span(std::size_t process, int track, const char* category, const std::string& name,
            Seconds begin, Seconds end, json arguments) {
    add({{"ph", "X"},
         {"cat", category},
         {"name", name},
         {"pid", process},
         {"tid", track},
         {"ts", us(begin)},
         {"dur", us(end - begin)},
         {"args", std::move(arguments)}});
  }
  void overlapping_span(std::size_t process, int track, const char* category,
                        const std::string& name, Seconds begin, Seconds end, json arguments) {
    json event = {{"ph", "b"},        {"cat", category}, {"name", name},
                  {"id", next_id_++}, {"pid", process},  {"tid", track},
                  {"ts", us(begin)},  {"args", std::move(arguments)}};
    add(event);
    event["ph"] = "e";
    event["ts"] = us(std::max(begin, end));
    event.erase("args");
    add(event);
  }
  void instant(std::size_t process, int track, const char* category, const std::string& name,
               Seconds at, json arguments) {
    add({{"ph", "i"},
         {"s", "g"},
         {"cat", category},
         {"name", name},
         {"pid", process},
         {"tid", track},
         {"ts", us(at)},
         {"args", std::move(arguments)}});
  }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void add(const json& event) {
    if (!text_.empty()) text_ += ",\n";
    text_ += text_of(event);
  }

  std::string text_;
  std::uint64_t next_id_ = 1;
};

void add_requests(Events& events, const std::vector<Timeline::Request>& requests) {
  for (const Timeline::Request& request : requests) {
    const std::string name = fmt::format("request {}", request.number);
    if (!request.end) {
      events.instant(0, kRequests, "request", name + " without answer", request.begin,
                     json::object());
      continue;
    }
    events.overlapping_span(0, kRequests, "request", name, request.begin, *request.end,
                            {{"request", request.number}, {"failed", request.failed}});
  }
}

void add_plans(Events& events, const Timeline& timeline, Seconds end) {
  for (const Reign& reign : timeline.reigns) {
    events.span(0, kPlans, "plan", fmt::format("plan {}", reign.plan + 1), reign.since,
                std::max(reign.since, reign.until.value_or(end)),
                {{"epoch", count_of_epoch(reign.epoch)}});
  }
  for (const Recovery& loss : timeline.losses) {
    const bool of_device = !loss.device.empty();
    events.instant(0, kLosses, "loss",
                   of_device ? fmt::format("{} is lost", loss.device) : "another plan is needed",
                   loss.detected, {{"what", loss.what}});
    if (!loss.resumed) continue;
    events.span(0, kLosses, "loss",
                of_device ? fmt::format("recovers from the loss of {}", loss.device)
                          : "until another plan runs",
                loss.detected, *loss.resumed, {{"plan", loss.plan + 1}});
  }
}

// What had no answer yet when another plan came into force.
void add_replays(Events& events, const Timeline& timeline) {
  for (std::size_t i = 1; i < timeline.reigns.size(); ++i) {
    const Reign& reign = timeline.reigns[i];
    const Seconds before = timeline.reigns[i - 1].until.value_or(reign.since);
    for (const Timeline::Request& request : timeline.requests) {
      if (request.begin >= before || (request.end && *request.end <= reign.since)) continue;
      events.instant(0, kRequests, "replay", fmt::format("request {} runs again", request.number),
                     reign.since,
                     {{"request", request.number},
                      {"from_epoch", count_of_epoch(timeline.reigns[i - 1].epoch)},
                      {"epoch", count_of_epoch(reign.epoch)}});
    }
  }
}

void add_intervals(Events& events, const Timeline& timeline) {
  std::map<std::uint64_t, const Timeline::Plan*> plans;
  for (const Reign& reign : timeline.reigns) plans[reign.epoch] = &timeline.plans[reign.plan];
  std::map<std::tuple<std::uint64_t, std::size_t, std::uint64_t>, const Timeline::Interval*> all;
  for (const Timeline::Interval& each : timeline.intervals) {
    all.emplace(std::tuple(each.epoch, each.stage, each.request), &each);
  }
  for (const Timeline::Interval& each : timeline.intervals) {
    const auto plan = plans.find(each.epoch);
    if (plan == plans.end() || each.stage >= plan->second->stages.size()) continue;
    const Timeline::Plan::Stage& stage = plan->second->stages[each.stage];
    events.span(stage.device + 1, kComputing, "compute", stage.file, each.begin, each.end,
                {{"request", each.request},
                 {"epoch", count_of_epoch(each.epoch)},
                 {"waited_us", us(std::max(Seconds(0), each.begin - each.ready))}});
    for (const std::size_t reader : stage.readers) {
      const auto read = all.find(std::tuple(each.epoch, reader, each.request));
      if (read == all.end()) continue;
      const Timeline::Plan::Stage& to = plan->second->stages[reader];
      events.overlapping_span(
          stage.device + 1, kTransfers, "transfer",
          fmt::format("{} to {}", stage.file, timeline.devices[to.device]), each.end,
          read->second->ready, {{"request", each.request}, {"reader", to.file}});
    }
  }
}

Seconds end_of(const Timeline& timeline) {
  Seconds end{0};
  for (const Timeline::Request& request : timeline.requests) {
    end = std::max(end, request.end.value_or(request.begin));
  }
  for (const Timeline::Interval& interval : timeline.intervals) end = std::max(end, interval.end);
  return end;
}

}  // namespace

Timeline::Plan timeline_plan(const Route& route, const std::vector<std::string>& files,
                             const std::vector<std::string>& devices) {
  Timeline::Plan plan;
  for (const Route::Stage& stage : route.stages) {
    const std::string& device = route.devices[stage.peer.index() - 1];
    Timeline::Plan::Stage made{
        .device = static_cast<std::size_t>(std::ranges::find(devices, device) - devices.begin()),
        .file = files[stage.sub_model]};
    for (std::size_t reader = 0; reader < route.stages.size(); ++reader) {
      const Route::Stage& other = route.stages[reader];
      if (other.peer == stage.peer) continue;
      const bool reads = std::ranges::any_of(stage.spec.outputs, [&](const auto& output) {
        return std::ranges::contains(other.spec.inputs, output.value) &&
               std::ranges::contains(peers_of(output.readers), other.peer);
      });
      if (reads) made.readers.push_back(reader);
    }
    plan.stages.push_back(std::move(made));
  }
  return plan;
}

std::string to_trace_events(const Timeline& timeline) {
  Events events;
  events.process(0, "coordinator");
  events.track(0, kRequests, "requests");
  events.track(0, kPlans, "plan in force");
  events.track(0, kLosses, "losses");
  for (std::size_t i = 0; i < timeline.devices.size(); ++i) {
    events.process(i + 1, timeline.devices[i]);
    events.track(i + 1, kComputing, "computes");
    events.track(i + 1, kTransfers, "sends");
  }
  add_requests(events, timeline.requests);
  add_plans(events, timeline, end_of(timeline));
  add_replays(events, timeline);
  add_intervals(events, timeline);
  const json about = {{"source", "measured by convoy"}, {"forgotten", timeline.forgotten}};
  return fmt::format("{{\"displayTimeUnit\":\"ms\",\"otherData\":{},\"traceEvents\":[\n{}\n]}}\n",
                     text_of(about), std::move(events).take());
}

}  // namespace convoy::runtime
