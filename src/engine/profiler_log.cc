#include "engine/profiler_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
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

// Operators whose bodies are profiled as well; their events come before the node's own.
bool has_body(std::string_view op) {
  constexpr std::array kOps = {"If", "Loop", "Scan", "BeamSearch", "GreedySearch", "Sampling",
                               "WhisperBeamSearch"};
  return std::ranges::contains(kOps, op);
}

// Bytes of an element by the profiler's name of its type.
std::optional<std::int64_t> element_bytes(std::string_view type) {
  if (type == "bool" || type == "int8" || type == "uint8" || type.starts_with("Float8")) return 1;
  if (type == "float16" || type == "bfloat16" || type == "int16" || type == "uint16") return 2;
  if (type == "float" || type == "int32" || type == "uint32") return 4;
  if (type == "double" || type == "int64" || type == "uint64") return 8;
  return std::nullopt;
}

// From [{"float":[2,3]}, {"int64":[]}] and the bytes of all together.
std::vector<Bytes> outputs_of(const Json& arguments) {
  std::int64_t total = 0;
  const auto& text = arguments.at("output_size").get_ref<const std::string&>();
  std::from_chars(text.data(), text.data() + text.size(), total);
  std::vector<Bytes> outputs;
  for (const Json& output : arguments.at("output_type_shape")) {
    for (const auto& [type, dims] : output.items()) {
      std::optional<std::int64_t> bytes = element_bytes(type);
      for (const Json& dim : dims) {
        if (bytes) *bytes *= dim.get<std::int64_t>();
      }
      outputs.emplace_back(bytes.value_or(total));
    }
  }
  if (outputs.size() == 1) outputs[0] = Bytes(total);
  return outputs;
}

// Events are logged when they end: bodies before their node, nodes before their run.
class Reader {
 public:
  void take(const Json& event) {
    const auto category = event.find("cat");
    if (category == event.end()) return;
    const auto& name = event.at("name").get_ref<const std::string&>();
    if (*category == "Node" && name.ends_with(kNodeSuffix)) {
      add_node(name.substr(0, name.size() - kNodeSuffix.size()), event);
    } else if (*category == "Session" && name == "SequentialExecutor::Execute") {
      executed_ = duration_of(event);  // the last one of a run is that of the main graph
    } else if (*category == "Session" && name == "model_run") {
      finish_run(duration_of(event));
    }
  }

  ProfilerLog finish() {
    std::erase_if(log_.nodes, [](const NodeTiming& node) { return node.runs.empty(); });
    for (NodeTiming& node : log_.nodes) node.runs.resize(log_.runs.size());
    return std::move(log_);
  }

 private:
  struct Event {
    std::size_t node;
    std::int64_t start_us;
    Seconds duration;
    std::vector<Bytes> outputs;
  };

  void add_node(std::string name, const Json& event) {
    const Json& arguments = event.at("args");
    const auto& op = arguments.at("op_name").get_ref<const std::string&>();
    const auto start_us = event.at("ts").get<std::int64_t>();
    if (has_body(op)) {
      while (!run_.empty() && run_.back().start_us >= start_us) run_.pop_back();
    }
    const auto [known, is_new] = by_name_.try_emplace(name, log_.nodes.size());
    if (is_new) log_.nodes.push_back({std::move(name), op, {}, {}});
    run_.push_back({known->second, start_us, duration_of(event), outputs_of(arguments)});
  }

  void finish_run(Seconds duration) {
    log_.runs.push_back(duration);
    log_.calls.push_back(std::max(Seconds(0), duration - executed_));
    for (Event& event : run_) {
      NodeTiming& node = log_.nodes[event.node];
      node.runs.resize(log_.runs.size());
      node.runs.back() += event.duration;
      node.outputs = std::move(event.outputs);
    }
    run_.clear();
  }

  ProfilerLog log_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::vector<Event> run_;  // of the run that is being read, without bodies that are over
  Seconds executed_{0};
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
