#include "profile/profile.h"

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

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
          {"stage_overhead_s", device.stage_overhead.count()},
          {"runtime_memory_bytes", device.runtime_memory.value()},
          {"nodes", std::move(nodes)}};
}

// Thrown and caught in this file only, like the library's own exceptions.
struct Malformed {
  std::string what;
};

const Json& member(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) throw Malformed{fmt::format("\"{}\" is missing", key)};
  return *found;
}

std::string text(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string()) throw Malformed{fmt::format("\"{}\" is not a text", key)};
  return value;
}

double number(const Json& value, std::string_view key) {
  if (!value.is_number() || value.get<double>() < 0) {
    throw Malformed{fmt::format("\"{}\" is not a number of at least 0", key)};
  }
  return value;
}

Seconds seconds(const Json& object, const char* key) {
  return Seconds(number(member(object, key), key));
}

Bytes bytes(const Json& value, std::string_view key) {
  return Bytes(static_cast<std::int64_t>(number(value, key)));
}

const Json& object_at(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_object()) throw Malformed{fmt::format("\"{}\" is not an object", key)};
  return value;
}

Source source_of(const std::string& name) {
  for (const Source source : kSources) {
    if (name_of(source) == name) return source;
  }
  throw Malformed{fmt::format("the source \"{}\" is not measured, emulated or estimated", name)};
}

DeviceProfile device_of(const Json& json) {
  DeviceProfile device;
  device.device = text(json, "device");
  device.source = source_of(text(json, "source"));
  device.run = seconds(json, "run_s");
  device.spread = seconds(json, "spread_s");
  device.runs = static_cast<int>(number(member(json, "runs"), "runs"));
  device.stage_overhead = seconds(json, "stage_overhead_s");
  device.runtime_memory = bytes(member(json, "runtime_memory_bytes"), "runtime_memory_bytes");
  for (const auto& [name, time] : object_at(json, "nodes").items()) {
    device.nodes[name] = Seconds(number(time, name));
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
  const Json json = {{"model_sha256", profile.model_sha256},
                     {"runtime_version", profile.runtime_version},
                     {"values", std::move(values)},
                     {"devices", std::move(devices)}};
  // Names that are no UTF-8 must not throw.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Profile> parse_profile(const std::string& json) {
  try {
    const Json parsed = Json::parse(json);
    if (!parsed.is_object()) throw Malformed{"not a JSON object"};
    Profile profile;
    profile.model_sha256 = text(parsed, "model_sha256");
    profile.runtime_version = text(parsed, "runtime_version");
    for (const auto& [name, size] : object_at(parsed, "values").items()) {
      profile.values[name] = bytes(size, name);
    }
    const Json& devices = member(parsed, "devices");
    if (!devices.is_array()) throw Malformed{"\"devices\" is not a list"};
    for (const Json& device : devices) profile.devices.push_back(device_of(device));
    return profile;
  } catch (const Malformed& problem) {
    return fail(ErrorKind::input, "not a profile: {}", problem.what);
  } catch (const Json::exception& problem) {
    return fail(ErrorKind::input, "not a profile: {}", problem.what());
  }
}

}  // namespace convoy::profile
