#include "runtime/fleet_status.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "foundation/json.h"

namespace convoy::runtime {
namespace {

using nlohmann::json;

template <class T, class Make>
json list_of(const std::vector<T>& values, Make make) {
  json list = json::array();
  for (const T& value : values) list.push_back(make(value));
  return list;
}

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(); }
json or_null(const std::optional<Seconds>& value) { return value ? json(value->count()) : json(); }
template <class Tag, class Rep>
json or_null(const std::optional<Quantity<Tag, Rep>>& value) {
  return value ? json(value->value()) : json();
}

std::uint64_t count(const json& object, const char* key) {
  return static_cast<std::uint64_t>(json_member_number(object, key, 1e19));
}

std::optional<double> number_or_nothing(const json& object, const char* key) {
  const json& value = json_member(object, key);
  if (value.is_null()) return std::nullopt;
  if (!value.is_number()) throw Malformed{fmt::format("\"{}\" is not a number", key)};
  return value.get<double>();
}

template <class T, class Rep = double>
std::optional<T> quantity_or_nothing(const json& object, const char* key) {
  const auto value = number_or_nothing(object, key);
  return value ? std::optional(T(static_cast<Rep>(*value))) : std::nullopt;
}

Seconds seconds(const json& object, const char* key) {
  return Seconds(json_member_number(object, key, 1e18));
}

json to_json(const FleetStatus::Requests& requests) {
  json buckets = json::array();
  for (std::size_t i = 0; i < requests.latency.counts.size(); ++i) {
    const bool last = i == LatencyHistogram::kBounds_s.size();
    buckets.push_back({{"up_to_s", last ? json() : json(LatencyHistogram::kBounds_s[i])},
                       {"count", requests.latency.counts[i]}});
  }
  return {{"answered", requests.answered},
          {"failed", requests.failed},
          {"in_flight", requests.in_flight},
          {"dropped", requests.dropped},
          {"per_second", or_null(requests.per_second)},
          {"latency_sum_s", requests.latency.sum.count()},
          {"latency_buckets", std::move(buckets)}};
}

FleetStatus::Requests requests_from(const json& object) {
  FleetStatus::Requests requests{.answered = count(object, "answered"),
                                 .failed = count(object, "failed"),
                                 .in_flight = count(object, "in_flight"),
                                 .dropped = count(object, "dropped"),
                                 .per_second = number_or_nothing(object, "per_second")};
  requests.latency.sum = seconds(object, "latency_sum_s");
  const json& buckets = json_list(object, "latency_buckets");
  if (buckets.size() != requests.latency.counts.size()) {
    throw Malformed{fmt::format("\"latency_buckets\" are {}, not {}", buckets.size(),
                                requests.latency.counts.size())};
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    requests.latency.counts[i] = count(buckets[i], "count");
  }
  return requests;
}

FleetStatus status_from(const json& object) {
  FleetStatus status{.name = json_text(object, "name"),
                     .up = seconds(object, "up_s"),
                     .epoch = static_cast<std::uint32_t>(json_member_number(object, "epoch", 4e9))};
  if (const auto plan = number_or_nothing(object, "plan")) {
    status.plan = static_cast<std::size_t>(*plan);
  }
  if (const json& requests = json_member(object, "requests"); !requests.is_null()) {
    status.requests = requests_from(requests);
  }
  for (const json& stage : json_list(object, "stages")) {
    status.stages.push_back({.number = count(stage, "number"),
                             .device = json_text(stage, "device"),
                             .file = json_text(stage, "file"),
                             .requests = count(stage, "requests"),
                             .busy = seconds(stage, "busy_s"),
                             .queue = count(stage, "queue")});
  }
  for (const json& link : json_list(object, "links")) {
    status.links.push_back(
        {.from = json_text(link, "from"),
         .to = json_text(link, "to"),
         .sent = Bytes(static_cast<std::int64_t>(json_member_number(link, "sent_bytes", 9e18))),
         .rate = quantity_or_nothing<BytesPerSecond>(link, "bytes_per_second")});
  }
  for (const json& device : json_list(object, "devices")) {
    status.devices.push_back(
        {.name = json_text(device, "name"),
         .here = json_member(device, "here") == true,
         .trouble = json_text(device, "trouble"),
         .memory = quantity_or_nothing<Bytes, std::int64_t>(device, "memory_bytes"),
         .peak_memory = quantity_or_nothing<Bytes, std::int64_t>(device, "peak_memory_bytes"),
         .cpu = quantity_or_nothing<Seconds>(device, "cpu_s"),
         .temperature_c = number_or_nothing(device, "temperature_c"),
         .dropped = count(device, "dropped")});
  }
  for (const json& loss : json_list(object, "losses")) {
    status.losses.push_back({.device = json_text(loss, "device"),
                             .what = json_text(loss, "what"),
                             .detected = seconds(loss, "detected_s"),
                             .resumed = quantity_or_nothing<Seconds>(loss, "resumed_s"),
                             .plan = count(loss, "plan")});
  }
  return status;
}

// ---- Prometheus.

using Labels = std::vector<std::pair<std::string, std::string>>;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\n') {
      safe += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') safe += '\\';
    safe += c;
  }
  return safe;
}

// Metrics one after the other, the samples of each together, as the format wants it.
class Exposition {
 public:
  void metric(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(double value, const Labels& labels = {}, const char* suffix = "") {
    std::string pairs;
    for (const auto& [key, label] : labels) {
      pairs += fmt::format("{}{}=\"{}\"", pairs.empty() ? "" : ",", key, escaped(label));
    }
    text_ += fmt::format("{}{}{} {}\n", name_, suffix,
                         pairs.empty() ? pairs : fmt::format("{{{}}}", pairs), value);
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

void add_requests(Exposition& text, const FleetStatus::Requests& requests) {
  text.metric("convoy_requests_answered_total", "counter", "Requests that were answered.");
  text.sample(static_cast<double>(requests.answered));
  text.metric("convoy_requests_failed_total", "counter", "Requests that ended with an error.");
  text.sample(static_cast<double>(requests.failed));
  text.metric("convoy_requests_in_flight", "gauge", "Requests that were submitted and not fetched.");
  text.sample(static_cast<double>(requests.in_flight));
  text.metric("convoy_dropped_messages_total", "counter",
              "Messages to the coordinator that were malformed, or of an epoch that is over.");
  text.sample(static_cast<double>(requests.dropped));
  if (requests.per_second) {
    text.metric("convoy_requests_per_second", "gauge",
                "Answers a second, over the last ten seconds at most.");
    text.sample(*requests.per_second);
  }
  text.metric("convoy_request_latency_seconds", "histogram", "From submission to answer.");
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < requests.latency.counts.size(); ++i) {
    so_far += requests.latency.counts[i];
    const bool last = i == LatencyHistogram::kBounds_s.size();
    text.sample(static_cast<double>(so_far),
                {{"le", last ? "+Inf" : fmt::format("{}", LatencyHistogram::kBounds_s[i])}},
                "_bucket");
  }
  text.sample(requests.latency.sum.count(), {}, "_sum");
  text.sample(static_cast<double>(so_far), {}, "_count");
}

void add_stages(Exposition& text, const std::vector<FleetStatus::Stage>& stages) {
  const auto each = [&](auto value) {
    for (const FleetStatus::Stage& stage : stages) {
      text.sample(value(stage), {{"stage", fmt::format("{}", stage.number)},
                                 {"device", stage.device},
                                 {"part", stage.file}});
    }
  };
  text.metric("convoy_stage_requests_total", "counter",
              "Requests that a stage computed, since its plan is in force.");
  each([](const auto& stage) { return static_cast<double>(stage.requests); });
  text.metric("convoy_stage_busy_seconds_total", "counter",
              "Time that a stage computed, since its plan is in force.");
  each([](const auto& stage) { return stage.busy.count(); });
  text.metric("convoy_stage_queue", "gauge",
              "Requests whose inputs a stage has and that it has not computed.");
  each([](const auto& stage) { return static_cast<double>(stage.queue); });
}

void add_devices(Exposition& text, const std::vector<FleetStatus::Device>& devices) {
  // Of those devices of which it is known.
  const auto each = [&](const char* name, const char* type, const char* help, auto value) {
    text.metric(name, type, help);
    for (const FleetStatus::Device& device : devices) {
      if (const std::optional<double> known = value(device)) {
        text.sample(*known, {{"device", device.name}});
      }
    }
  };
  const auto bytes = [](const std::optional<Bytes>& known) {
    return known ? std::optional(static_cast<double>(known->value())) : std::nullopt;
  };
  each("convoy_device_up", "gauge", "1 while the device is there.",
       [](const auto& device) { return std::optional(device.here ? 1.0 : 0.0); });
  each("convoy_device_resident_memory_bytes", "gauge", "Memory of the worker process.",
       [&](const auto& device) { return bytes(device.memory); });
  each("convoy_device_peak_memory_bytes", "gauge", "The most memory of the worker process.",
       [&](const auto& device) { return bytes(device.peak_memory); });
  each("convoy_device_cpu_seconds_total", "counter", "CPU time of the worker process.",
       [](const auto& device) {
         return device.cpu ? std::optional(device.cpu->count()) : std::nullopt;
       });
  each("convoy_device_temperature_celsius", "gauge", "The machine's warmest thermal zone.",
       [](const auto& device) { return device.temperature_c; });
  each("convoy_device_dropped_messages_total", "counter",
       "Messages that the worker dropped, since the plan is in force.",
       [](const auto& device) { return std::optional(static_cast<double>(device.dropped)); });
}

void add_losses(Exposition& text, const std::vector<Recovery>& losses) {
  Seconds sum{0};
  std::size_t lost = 0;
  std::size_t resumed = 0;
  for (const Recovery& loss : losses) {
    if (loss.device.empty()) continue;  // a plan that did not come into force
    ++lost;
    if (!loss.resumed) continue;
    sum += *loss.resumed - loss.detected;
    ++resumed;
  }
  text.metric("convoy_losses_total", "counter", "Devices of the plan in force that were lost.");
  text.sample(static_cast<double>(lost));
  text.metric("convoy_recovery_seconds", "summary",
              "From the detection of a loss until a plan was in force again.");
  text.sample(sum.count(), {}, "_sum");
  text.sample(static_cast<double>(resumed), {}, "_count");
}

}  // namespace

void LatencyHistogram::add(Seconds latency) {
  const auto bucket = std::ranges::lower_bound(kBounds_s, latency.count());
  ++counts[bucket - kBounds_s.begin()];
  sum += latency;
}

void add_rates(FleetStatus& now, const FleetStatus& before) {
  const double span_s = (now.up - before.up).count();
  if (span_s <= 0 || now.epoch != before.epoch) return;
  if (now.requests && before.requests) {
    now.requests->per_second =
        static_cast<double>(now.requests->answered - before.requests->answered) / span_s;
  }
  for (FleetStatus::Link& link : now.links) {
    const auto earlier = std::ranges::find_if(before.links, [&](const FleetStatus::Link& each) {
      return each.from == link.from && each.to == link.to;
    });
    if (earlier == before.links.end()) continue;
    link.rate = BytesPerSecond(static_cast<double>((link.sent - earlier->sent).value()) / span_s);
  }
}

json to_json(const FleetStatus& status) {
  return {
      {"name", status.name},
      {"up_s", status.up.count()},
      {"epoch", status.epoch},
      {"plan", status.plan ? json(*status.plan) : json()},
      {"requests", status.requests ? to_json(*status.requests) : json()},
      {"stages", list_of(status.stages,
                         [](const FleetStatus::Stage& stage) {
                           return json{{"number", stage.number},     {"device", stage.device},
                                       {"file", stage.file},         {"requests", stage.requests},
                                       {"busy_s", stage.busy.count()}, {"queue", stage.queue}};
                         })},
      {"links", list_of(status.links,
                        [](const FleetStatus::Link& link) {
                          return json{{"from", link.from},
                                      {"to", link.to},
                                      {"sent_bytes", link.sent.value()},
                                      {"bytes_per_second", or_null(link.rate)}};
                        })},
      {"devices", list_of(status.devices,
                          [](const FleetStatus::Device& device) {
                            return json{{"name", device.name},
                                        {"here", device.here},
                                        {"trouble", device.trouble},
                                        {"memory_bytes", or_null(device.memory)},
                                        {"peak_memory_bytes", or_null(device.peak_memory)},
                                        {"cpu_s", or_null(device.cpu)},
                                        {"temperature_c", or_null(device.temperature_c)},
                                        {"dropped", device.dropped}};
                          })},
      {"losses", list_of(status.losses, [](const Recovery& loss) {
         return json{{"device", loss.device},
                     {"what", loss.what},
                     {"detected_s", loss.detected.count()},
                     {"resumed_s", or_null(loss.resumed)},
                     {"plan", loss.plan}};
       })}};
}

Result<FleetStatus> status_from_json(const std::string& text, const std::string& place) {
  return read_json(text, place,
                   [](const json& object) -> Result<FleetStatus> { return status_from(object); });
}

std::string to_prometheus(const FleetStatus& status) {
  Exposition text;
  text.metric("convoy_uptime_seconds", "gauge", "Since it began.");
  text.sample(status.up.count());
  text.metric("convoy_epoch", "gauge", "How many plans have come into force; 0: none is.");
  text.sample(status.epoch);
  if (status.requests) {
    text.metric("convoy_plan", "gauge", "The plan in force, from 1; 0: none.");
    text.sample(status.plan ? static_cast<double>(*status.plan + 1) : 0);
    add_requests(text, *status.requests);
    add_losses(text, status.losses);
  }
  add_stages(text, status.stages);
  text.metric("convoy_link_sent_bytes_total", "counter",
              "Bytes of tensors sent over a link, since the plan is in force.");
  for (const FleetStatus::Link& link : status.links) {
    text.sample(static_cast<double>(link.sent.value()), {{"from", link.from}, {"to", link.to}});
  }
  add_devices(text, status.devices);
  return std::move(text).text();
}

}  // namespace convoy::runtime
