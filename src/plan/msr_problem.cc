#include "plan/msr_problem.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "foundation/file.h"
#include "foundation/json.h"
#include "plan/assignment.h"
#include "plan/published_graph.h"

namespace convoy::plan {
namespace {

using Json = nlohmann::json;

constexpr double kBytesPerSecond = 1e12;
constexpr double kMemoryScale = 1e6;
constexpr double kMostMilliseconds = 1e6;
constexpr double kMostBytes = 1e12;
constexpr double kMostDevices = 1000;
constexpr double kMostId = 1e9;

std::size_t count(const Json& object, const char* key, double most) {
  const double value = json_member_number(object, key, most);
  if (value != std::floor(value)) throw Malformed{fmt::format("\"{}\" is not a whole number", key)};
  return static_cast<std::size_t>(value);
}

// 0 or 1, or false or true.
bool flag(const Json& object, const char* key) {
  const Json& value = json_member(object, key);
  return value.is_boolean() ? value.get<bool>() : json_number(value, key, 1) != 0;
}

Seconds milliseconds(const Json& object, const char* key) {
  return Seconds(json_member_number(object, key, kMostMilliseconds) / 1000);
}

Bytes scaled(double bytes) { return Bytes(std::llround(bytes * kMemoryScale)); }

PublishedNode node_of(const Json& json, std::size_t accelerators, std::size_t cpus) {
  PublishedNode node;
  node.name = fmt::format("{} ({})", json_text(json, "name"), count(json, "id", kMostId));
  node.weights = scaled(json_member_number(json, "size", kMostBytes));
  node.is_backward = flag(json, "isBackwardNode");
  if (json.contains("colorClass")) node.group = count(json, "colorClass", kMostId);
  if (!flag(json, "supportedOnFpga")) {
    throw Malformed{
        fmt::format("node \"{}\" runs on no accelerator, which is not supported here", node.name)};
  }
  node.compute.assign(accelerators, milliseconds(json, "fpgaLatency"));
  node.compute.insert(node.compute.end(), cpus, milliseconds(json, "cpuLatency"));
  return node;
}

fleet::Fleet fleet_of(std::size_t accelerators, std::size_t cpus, Bytes memory) {
  fleet::Fleet fleet;
  for (std::size_t i = 0; i < accelerators; ++i) {
    fleet.devices.push_back({.name = fmt::format("accelerator {}", i + 1),
                             .type = "accelerator",
                             .memory = memory,
                             .transfer_load = 1});
  }
  for (std::size_t i = 0; i < cpus; ++i) {
    fleet.devices.push_back({.name = fmt::format("cpu {}", i + 1), .type = "cpu"});
  }
  const fleet::Link link{.bandwidth = BytesPerSecond(kBytesPerSecond)};
  const std::size_t devices = fleet.devices.size();
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(
      devices, ById<DeviceId, fleet::Link>(devices, link));
  fleet.multicast = true;
  return fleet;
}

Result<Problem> problem_of(const Json& json) {
  const std::size_t accelerators = count(json, "maxFPGAs", kMostDevices);
  const std::size_t cpus = count(json, "maxCPUs", kMostDevices);
  std::vector<PublishedNode> nodes;
  std::unordered_map<std::size_t, std::size_t> position;  // by id
  for (const Json& node : json_list(json, "nodes")) {
    const std::size_t id = count(node, "id", kMostId);
    if (!position.emplace(id, nodes.size()).second) {
      throw Malformed{fmt::format("node {} is listed twice", id)};
    }
    nodes.push_back(node_of(node, accelerators, cpus));
  }
  std::vector<std::pair<std::size_t, std::size_t>> edges;
  for (const Json& edge : json_list(json, "edges")) {
    std::size_t ends[2];
    for (const auto& [end, key] : {std::pair(0, "sourceId"), std::pair(1, "destId")}) {
      const auto node = position.find(count(edge, key, kMostId));
      if (node == position.end()) {
        throw Malformed{fmt::format("\"{}\" of an edge names no node", key)};
      }
      ends[end] = node->second;
    }
    const Seconds cost = milliseconds(edge, "cost");
    Bytes& made = nodes[ends[0]].made;
    made = std::max(made, Bytes(std::llround(cost.count() * kBytesPerSecond)));
    edges.emplace_back(ends[0], ends[1]);
  }
  Result<CostGraph> graph = graph_of(nodes, edges);
  if (!graph) return std::unexpected(graph.error());
  const Bytes memory = scaled(json_member_number(json, "maxSizePerFPGA", kMostBytes));
  return Problem{.graph = *std::move(graph), .fleet = fleet_of(accelerators, cpus, memory)};
}

Result<Placement> placement_of(const Json& json, const Problem& problem) {
  std::unordered_map<std::string, NodeId> node_of;  // by id, which ends the name
  for (const NodeId node : problem.graph.nodes.ids()) {
    const std::string& name = problem.graph.nodes[node].name;
    const std::size_t open = name.rfind('(');
    node_of.emplace(name.substr(open + 1, name.size() - open - 2), node);
  }
  ById<NodeId, std::optional<DeviceId>> device_of(problem.graph.nodes.size());
  for (const auto& [key, type] : {std::pair("fpgas", "accelerator"), std::pair("cpus", "cpu")}) {
    std::size_t number = 0;
    for (const Json& device : json_list(json, key)) {
      const std::string name = fmt::format("{} {}", type, ++number);
      const std::optional<DeviceId> id = problem.fleet.find(name);
      if (!id) throw Malformed{fmt::format("the problem has no {}", name)};
      for (const Json& node : json_list(device, "nodes")) {
        const auto found = node_of.find(node.dump());
        if (found == node_of.end())
          throw Malformed{fmt::format("the problem has no node {}", node.dump())};
        device_of[found->second] = *id;
      }
    }
  }
  ById<NodeId, DeviceId> devices;
  for (const NodeId node : problem.graph.nodes.ids()) {
    if (!device_of[node]) {
      throw Malformed{fmt::format("node \"{}\" is on no device", problem.graph.nodes[node].name)};
    }
    devices.push_back(*device_of[node]);
  }
  return stages_of(problem.graph, devices);
}

}  // namespace

Result<Placement> read_msr_plan(const std::filesystem::path& file, const Problem& problem) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  return read_json(*text, file.string(),
                   [&](const Json& json) { return placement_of(json, problem); });
}

Result<Problem> read_msr(const std::filesystem::path& file) {
  const Result<std::string> text = read_file(file);
  if (!text) return std::unexpected(text.error());
  return read_json(*text, file.string(), problem_of);
}

}  // namespace convoy::plan
