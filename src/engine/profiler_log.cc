#include "engine/profiler_log.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace convoy::engine {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kNodeSuffix = "_kernel_time";

Seconds duration_of(const Json& event) {
  return Seconds(static_cast<double>(event.at("dur").get<std::int64_t>()) / 1e6);
}

// Node events come before the "model_run" event of their run, as the profiler logs what ends.
class Reader {
 public:
  void take(const Json& event) {
    const auto category = event.find("cat");
    if (category == event.end()) return;
    const auto& name = event.at("name").get_ref<const std::string&>();
    if (*category == "Node" && name.ends_with(kNodeSuffix)) {
      add_node(name.substr(0, name.size() - kNodeSuffix.size()), event);
    } else if (*category == "Session" && name == "model_run") {
      log_.runs.push_back(duration_of(event));
    }
  }

  ProfilerLog finish() {
    for (NodeTiming& node : log_.nodes) node.runs.resize(log_.runs.size());
    return std::move(log_);
  }

 private:
  void add_node(std::string name, const Json& event) {
    const auto [known, is_new] = by_name_.try_emplace(name, log_.nodes.size());
    if (is_new) {
      log_.nodes.push_back({std::move(name), event.at("args").value("op_name", ""), {}});
    }
    NodeTiming& node = log_.nodes[known->second];
    node.runs.resize(log_.runs.size() + 1);
    node.runs.back() += duration_of(event);
  }

  ProfilerLog log_;
  std::unordered_map<std::string, std::size_t> by_name_;
};

}  // namespace

Result<ProfilerLog> parse_profiler_log(std::istream& trace) {
  Reader reader;
  // Events are dropped as soon as they are read: a trace can be larger than a device's memory.
  const auto take_event = [&](int depth, Json::parse_event_t what, Json& parsed) {
    if (depth != 1 || what != Json::parse_event_t::object_end) return true;
    reader.take(parsed);
    return false;
  };
  try {
    const Json rest = Json::parse(trace, take_event);
    if (!rest.is_array()) {
      return fail(ErrorKind::failure, "the profiler's trace is not a JSON array of events");
    }
  } catch (const Json::exception& error) {
    return fail(ErrorKind::failure, "cannot read the profiler's trace: {}", error.what());
  }
  return reader.finish();
}

}  // namespace convoy::engine
