#include "fleet/devices_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <ranges>

#include "foundation/suggest.h"
#include "foundation/yaml.h"

namespace convoy::fleet {
namespace {

// With fewer a run would seem to hang; no worker takes more threads.
constexpr double kFewestCores = 0.01;
constexpr double kMostCores = 1024;

// A declared device, with what its links are derived from.
struct Declared {
  Device device;
  BytesPerSecond bandwidth{0};  // 0: not limited
  int line = 0;
};

// Reads one devices.yaml. The first error is kept and returned at the end; after it every reading
// function returns some neutral value, which nobody sees.
class Reader {
 public:
  explicit Reader(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<DevicesFile> read(const Yaml& root);

 private:
  template <class... Args>
  void refuse(const Yaml& at, fmt::format_string<Args...> format, Args&&... args) {
    if (!error_) error_ = fail_at(at, format, std::forward<Args>(args)...).error();
  }

  Yaml map(const Yaml& value, std::string_view what, std::vector<std::string> keys);
  std::string text(const Yaml& map, std::string_view key, std::string_view what);
  std::string optional_text(const Yaml& map, std::string_view key, std::string otherwise);
  std::vector<std::string> names(const Yaml& map, std::string_view key, std::string_view what);
  template <class T>
  std::optional<T> quantity(const Yaml& map, std::string_view key,
                            Result<T> (*parse)(std::string_view, std::string_view),
                            std::string_view bare);
  template <class T>
  T limit(const Yaml& map, std::string_view key,
          Result<T> (*parse)(std::string_view, std::string_view), std::string_view bare);
  double cores(const Yaml& map);
  std::optional<Power> power(const Yaml& map);
  Contention contention(const Yaml& map);
  DeviceId declared(const Yaml& map, std::string_view key, std::string_view what);

  Declared device(const Yaml& value);
  void devices(const Yaml& root);
  void derive_links();
  void link(const Yaml& value);
  std::optional<Trace> trace(const Yaml& map);
  Seconds trace_offset(const Yaml& map);
  void event(const Yaml& value);
  void point(const Yaml& value);

  std::filesystem::path folder_;  // of the file
  std::optional<Error> error_;
  DevicesFile result_;
  std::vector<Declared> declared_;
  std::map<std::pair<DeviceId, DeviceId>, int> link_lines_;
};

// `value` as a map with no other keys, "bandwith", as Ianvs' own examples spell it, put right.
Yaml Reader::map(const Yaml& value, std::string_view what, std::vector<std::string> keys) {
  if (!value.is_map()) {
    refuse(value, "{} must be a map with the keys {}", what, fmt::join(keys, ", "));
    return {};
  }
  Yaml result = value;
  for (auto& [key, item] : result.entries) {
    if (key != "bandwith" || std::ranges::find(keys, "bandwidth") == keys.end()) continue;
    if (const Yaml* other = value.find("bandwidth")) {
      refuse(item, "\"bandwith\" and \"bandwidth\" (line {}) are the same key", other->line);
    }
    result_.notes.push_back(fmt::format("{}: \"bandwith\" read as \"bandwidth\"", item.place()));
    key = "bandwidth";
  }
  if (const Result<void> known = only_keys(result, keys); !known && !error_) {
    error_ = known.error();
  }
  return result;
}

// A quote at one end only is a slip of the pen (`type: gpu"`) and left out.
std::string Reader::text(const Yaml& map, std::string_view key, std::string_view what) {
  if (error_) return {};
  if (const Yaml* found = map.find(key); found != nullptr && found->is_null()) {
    refuse(*found, "\"{}\" is empty", key);
    return {};
  }
  const Result<std::string> read = required_text(map, key, what);
  if (!read) {
    error_ = read.error();
    return {};
  }
  std::string value = *read;
  if (value.empty()) refuse(*map.find(key), "\"{}\" is empty", key);
  const auto quote = [](char c) { return c == '"' || c == '\''; };
  if (value.size() > 1 && quote(value.front()) != quote(value.back())) {
    value = quote(value.front()) ? value.substr(1) : value.substr(0, value.size() - 1);
    result_.notes.push_back(fmt::format("{}: {} read as {}, without the stray quote",
                                        map.find(key)->place(), *read, value));
  }
  return value;
}

std::string Reader::optional_text(const Yaml& map, std::string_view key, std::string otherwise) {
  return map.find(key) == nullptr ? std::move(otherwise) : text(map, key, "a device");
}

std::vector<std::string> Reader::names(const Yaml& map, std::string_view key,
                                       std::string_view what) {
  if (error_) return {};
  const auto list = required(map, key, what).and_then(
      [&](const Yaml* value) { return as_list(*value, key); });
  if (!list) {
    error_ = list.error();
    return {};
  }
  if ((*list)->empty()) refuse(*map.find(key), "\"{}\" names nothing", key);
  std::vector<std::string> found;
  for (const Yaml& item : **list) {
    if (!item.is_scalar() || item.scalar.empty()) refuse(item, "\"{}\" must list names", key);
    found.push_back(item.scalar);
  }
  return found;
}

// Nothing when the key is absent.
template <class T>
std::optional<T> Reader::quantity(const Yaml& map, std::string_view key,
                                  Result<T> (*parse)(std::string_view, std::string_view),
                                  std::string_view bare) {
  if (map.find(key) == nullptr) return std::nullopt;
  const std::string written = text(map, key, "a device");
  if (error_) return std::nullopt;
  const Result<T> value = parse(written, bare);
  if (value) return *value;
  refuse(*map.find(key), "{}: {}", key, value.error().message);
  return std::nullopt;
}

// 0, which means no limit, when the key is absent. Written out, a 0 would be taken for nothing at
// all, and is refused.
template <class T>
T Reader::limit(const Yaml& map, std::string_view key,
                Result<T> (*parse)(std::string_view, std::string_view), std::string_view bare) {
  const std::optional<T> value = quantity(map, key, parse, bare);
  if (value == T(0)) {
    refuse(*map.find(key), "{} must be above 0; leave the key out for no limit", key);
  }
  return value.value_or(T(0));
}

double Reader::cores(const Yaml& map) {
  if (map.find("cores") == nullptr) return 0;
  const std::string written = text(map, "cores", "a device");
  double value = 0;
  const char* const end = written.data() + written.size();
  const auto [stop, problem] = std::from_chars(written.data(), end, value);
  if (problem != std::errc() || stop != end || !(value >= kFewestCores && value <= kMostCores)) {
    refuse(*map.find("cores"), "cores: \"{}\" is not a number from {} to {}, such as 4 or 0.5",
           written, kFewestCores, kMostCores);
  }
  return value;
}

std::optional<Power> Reader::power(const Yaml& map) {
  const Yaml* const value = map.find("power");
  if (value == nullptr || error_) return std::nullopt;
  const Yaml figures = this->map(*value, "power", {"idle", "busy"});
  text(figures, "idle", "power");
  text(figures, "busy", "power");
  const auto idle = quantity(figures, "idle", parse_power, "W");
  const auto busy = quantity(figures, "busy", parse_power, "W");
  if (!idle || !busy) return std::nullopt;
  if (*busy < *idle) {
    refuse(*value, "power: busy ({}) is below idle ({})", to_text(*busy), to_text(*idle));
  }
  return Power{*idle, *busy};
}

Contention Reader::contention(const Yaml& map) {
  static constexpr std::array kValues = {Contention::link, Contention::radio, Contention::medium};
  const std::array<std::string, 3> names = {"link", "radio", "medium"};
  if (map.find("contention") == nullptr) return Contention::link;
  const std::string written = text(map, "contention", "a devices file");
  const auto at = std::ranges::find(names, written);
  if (at != names.end()) return kValues[static_cast<std::size_t>(at - names.begin())];
  refuse(*map.find("contention"), "contention cannot be \"{}\"{}", written,
         suggest(written, names));
  return Contention::link;
}

DeviceId Reader::declared(const Yaml& map, std::string_view key, std::string_view what) {
  const std::string name = text(map, key, what);
  if (error_) return DeviceId(0);
  if (const auto found = result_.fleet.find(name)) return *found;
  std::vector<std::string_view> known;
  for (const Declared& other : declared_) known.push_back(other.device.name);
  refuse(*map.find(key), "device \"{}\" is not declared; declared: {}", name,
         fmt::join(known, ", "));
  return DeviceId(0);
}

Declared Reader::device(const Yaml& value) {
  const Yaml keys =
      map(value, "a device",
          {"name", "type", "memory", "freq", "bandwidth", "cores", "flops", "memory_bandwidth",
           "power", "provider", "address", "trace", "trace_offset"});
  Declared made;
  made.line = value.line;
  made.bandwidth = limit(keys, "bandwidth", parse_bandwidth, "Mbit/s");
  made.device.name = text(keys, "name", "a device");
  made.device.type = optional_text(keys, "type", "");
  made.device.memory = limit(keys, "memory", parse_bytes, "MB");
  made.device.cores = cores(keys);
  made.device.frequency = quantity(keys, "freq", parse_frequency, "GHz");
  made.device.flops = quantity(keys, "flops", parse_flops, "GFLOP/s");
  made.device.memory_bandwidth = quantity(keys, "memory_bandwidth", parse_bandwidth, "GB/s");
  made.device.power = power(keys);
  made.device.provider = optional_text(keys, "provider", "cpu");
  if (made.device.provider != "cpu") {
    refuse(*keys.find("provider"), "provider: \"{}\" is not supported; only cpu is",
           made.device.provider);
  }
  made.device.address = optional_text(keys, "address", "");
  return made;
}

void Reader::devices(const Yaml& root) {
  if (error_) return;
  const auto list = required(root, "devices", "a devices file").and_then([](const Yaml* value) {
    return as_list(*value, "devices");
  });
  if (!list) {
    error_ = list.error();
    return;
  }
  if ((*list)->empty()) refuse(*root.find("devices"), "\"devices\" lists no device");
  for (const Yaml& item : **list) {
    Declared made = device(item);
    for (const Declared& other : declared_) {
      if (other.device.name == made.device.name) {
        refuse(item, "device \"{}\" is declared twice; it stands in line {} already",
               made.device.name, other.line);
      }
      if (!made.device.address.empty() && other.device.address == made.device.address) {
        refuse(item, "devices \"{}\" and \"{}\" have the same address {}", other.device.name,
               made.device.name, made.device.address);
      }
    }
    const DeviceId added = result_.fleet.devices.push_back(made.device);
    if (auto of_device = trace(item)) {
      result_.changes.devices.push_back({added, std::move(*of_device), trace_offset(item)});
    }
    declared_.push_back(std::move(made));
  }
}

// As if no link were listed: each pair gets the slower of both ends, and a device what there would
// be between it and another like it.
void Reader::derive_links() {
  Fleet& fleet = result_.fleet;
  fleet.links = ById<DeviceId, ById<DeviceId, Link>>(declared_.size(),
                                                     ById<DeviceId, Link>(declared_.size()));
  for (const DeviceId from : fleet.devices.ids()) {
    for (const DeviceId to : fleet.devices.ids()) {
      const BytesPerSecond a = declared_[from.index()].bandwidth;
      const BytesPerSecond b = declared_[to.index()].bandwidth;
      const bool one_unlimited = std::min(a, b).value() == 0;
      fleet.links[from][to].bandwidth = one_unlimited ? std::max(a, b) : std::min(a, b);
    }
  }
}

void Reader::link(const Yaml& value) {
  const Yaml keys =
      map(value, "a link", {"from", "to", "bandwidth", "latency", "trace", "trace_offset"});
  const DeviceId from = declared(keys, "from", "a link");
  const DeviceId to = declared(keys, "to", "a link");
  const auto latency = quantity(keys, "latency", parse_duration, "ms");
  const BytesPerSecond bandwidth = limit(keys, "bandwidth", parse_bandwidth, "Mbit/s");
  auto over_time = trace(keys);
  if (error_) return;
  const std::string& from_name = result_.fleet.devices[from].name;
  const std::string& to_name = result_.fleet.devices[to].name;
  if (from == to) refuse(value, "a link must join two devices, not \"{}\" and itself", from_name);
  if (bandwidth.value() == 0 && !latency && !over_time) {
    refuse(value, "the link from \"{}\" to \"{}\" needs a bandwidth, a latency or a trace",
           from_name, to_name);
  }
  if (const auto [at, added] = link_lines_.emplace(std::pair(from, to), value.line); !added) {
    refuse(value, "the link from \"{}\" to \"{}\" stands in line {} already", from_name, to_name,
           at->second);
  }
  Link& link = result_.fleet.links[from][to];
  if (bandwidth.value() > 0) link.bandwidth = bandwidth;
  if (latency) link.latency = *latency;
  if (over_time) {
    result_.changes.links.push_back({from, to, std::move(*over_time), trace_offset(keys)});
  }
}

// Nothing when the key is absent.
std::optional<Trace> Reader::trace(const Yaml& map) {
  if (error_) return std::nullopt;
  if (map.find("trace") == nullptr) {
    if (const Yaml* offset = map.find("trace_offset")) {
      refuse(*offset, "\"trace_offset\" needs a \"trace\"");
    }
    return std::nullopt;
  }
  const std::string name = text(map, "trace", "a trace");
  if (error_) return std::nullopt;
  Result<Trace> read = read_trace(folder_ / name);
  if (read) return std::move(*read);
  refuse(*map.find("trace"), "trace: {}", read.error().message);
  return std::nullopt;
}

Seconds Reader::trace_offset(const Yaml& map) {
  return quantity(map, "trace_offset", parse_duration, "s").value_or(Seconds(0));
}

void Reader::event(const Yaml& value) {
  constexpr std::string_view what = "an event";
  const Yaml keys = map(value, what, {"at", "joins", "leaves"});
  text(keys, "at", what);
  const auto at = quantity(keys, "at", parse_duration, "s");
  const bool joins = keys.find("joins") != nullptr;
  if (joins == (keys.find("leaves") != nullptr)) {
    refuse(value, "an event needs either \"joins\" or \"leaves\", with the name of a device");
  }
  const DeviceId device = declared(keys, joins ? "joins" : "leaves", what);
  if (error_ || !at) return;
  std::vector<FleetEvent>& events = result_.changes.events;
  if (!events.empty() && *at < events.back().at) {
    refuse(value, "an event at {} stands after one at {}; put them in order of time", to_text(*at),
           to_text(events.back().at));
  }
  const Happening happening = joins ? Happening::joins : Happening::leaves;
  for (const FleetEvent& other : std::views::reverse(events)) {
    if (other.device != device) continue;
    if (other.what == happening) {
      refuse(value, "\"{}\" {} at {} already, and does not {} in between",
             result_.fleet.devices[device].name, joins ? "joins" : "leaves", to_text(other.at),
             joins ? "leave" : "join");
    }
    break;
  }
  events.push_back({*at, device, happening});
}

void Reader::point(const Yaml& value) {
  constexpr std::string_view what = "a partition point";
  const Yaml keys = map(value, what, {"input_names", "output_names", "device_name"});
  PartitionPoint made;
  made.inputs = names(keys, "input_names", what);
  made.outputs = names(keys, "output_names", what);
  made.device = declared(keys, "device_name", what);
  made.line = value.line;
  result_.points.push_back(std::move(made));
}

Result<DevicesFile> Reader::read(const Yaml& root) {
  if (root.is_null()) {
    return fail_at(root, "the file is empty; a devices file has the key \"devices\"");
  }
  const Yaml keys =
      map(root, "a devices file", {"devices", "links", "contention", "events", "partition_points"});
  devices(keys);
  derive_links();
  result_.fleet.contention = contention(keys);
  const auto each = [&](std::string_view key, void (Reader::*read_item)(const Yaml&)) {
    const Yaml* const list = keys.find(key);
    if (list == nullptr || error_) return;
    if (!list->is_list()) refuse(*list, "\"{}\" must be a list", key);
    for (const Yaml& item : list->items) (this->*read_item)(item);
  };
  each("links", &Reader::link);
  each("events", &Reader::event);
  each("partition_points", &Reader::point);
  if (error_) return std::unexpected(*error_);
  if (!result_.changes.empty()) {
    result_.notes.push_back(fmt::format(
        "{}: traces and events are for emulated links of convoy run and bench, and for convoy plan "
        "--over-time; all else goes by the fixed figures",
        *root.file));
  }
  return std::move(result_);
}

}  // namespace

Result<DevicesFile> read_devices(const std::filesystem::path& file) {
  return read_yaml(file).and_then(
      [&](const Yaml& root) { return Reader(file.parent_path()).read(root); });
}

}  // namespace convoy::fleet
