#include "profile/profile.h"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "foundation/json.h"

namespace convoy::profile {
namespace {

using Json = nlohmann::json;

constexpr std::array kSources = {Source::measured, Source::emulated, Source::estimated};

Json to_json(const DeviceProfile& device) {
  Json nodes = Json::object();
  for (const auto& [name, time] : device.nodes) nodes[name] = time.count();
  return {{"device", device.device},
          {"source", name_of(device.source)},
          {"run_s", device.run.count()},
          {"spread_s", device.spread.count()},
          {"runs", device.runs},
          {"cores", device.cores},
          {"stage_overhead_s", device.stage_overhead.count()},
          {"runtime_memory_bytes", device.runtime_memory.value()},
          {"nodes", std::move(nodes)}};
}

// What no measuring comes near.
constexpr double kMostSeconds = 1e6;
constexpr double kMostBytes = 1e15;
constexpr double kMostRuns = 1e9;
constexpr double kMostCores = 1e6;
constexpr double kMostItems = 1e9;

Seconds seconds(const Json& object, const char* key) {
  return Seconds(json_member_number(object, key, kMostSeconds));
}

Source source_of(const std::string& name) {
  for (const Source source : kSources) {
    if (name_of(source) == name) return source;
  }
  throw Malformed{fmt::format("the source \"{}\" is not measured, emulated or estimated", name)};
}

DeviceProfile device_of(const Json& json) {
  DeviceProfile device;
  device.device = json_text(json, "device");
  device.source = source_of(json_text(json, "source"));
  device.run = seconds(json, "run_s");
  device.spread = seconds(json, "spread_s");
  device.runs = static_cast<int>(json_member_number(json, "runs", kMostRuns));
  device.cores = json_member_number(json, "cores", kMostCores);
  device.stage_overhead = seconds(json, "stage_overhead_s");
  device.runtime_memory =
      Bytes(static_cast<std::int64_t>(json_member_number(json, "runtime_memory_bytes", kMostBytes)));
  for (const auto& [name, time] : json_object(json, "nodes").items()) {
    device.nodes[name] = Seconds(json_number(time, name, kMostSeconds));
  }
  return device;
}

}  // namespace

std::string_view name_of(Source source) {
  switch (source) {
    case Source::measured:
      return "measured";
    case Source::emulated:
      return "emulated";
    case Source::estimated:
      return "estimated";
  }
  return "estimated";
}

std::string to_json(const Profile& profile) {
  Json values = Json::object();
  for (const auto& [name, size] : profile.values) values[name] = size.value();
  Json devices = Json::array();
  for (const DeviceProfile& device : profile.devices) devices.push_back(to_json(device));
  const Json json = {{"items", profile.items},
                     {"model_sha256", profile.model_sha256},
                     {"runtime_version", profile.runtime_version},
                     {"values", std::move(values)},
                     {"devices", std::move(devices)}};
  // Names that are no UTF-8 must not throw.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Profile> parse_profile(const std::string& text, const std::string& file) {
  return read_json(text, file, [](const Json& json) -> Result<Profile> {
    Profile profile;
    profile.items = static_cast<int>(json_member_number(json, "items", kMostItems));
    profile.model_sha256 = json_text(json, "model_sha256");
    profile.runtime_version = json_text(json, "runtime_version");
    for (const auto& [name, size] : json_object(json, "values").items()) {
      profile.values[name] = Bytes(static_cast<std::int64_t>(json_number(size, name, kMostBytes)));
    }
    for (const Json& device : json_list(json, "devices")) {
      profile.devices.push_back(device_of(device));
    }
    return profile;
  });
}

}  // namespace convoy::profile
