// Between a model's graph and the planner's.
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>

#include "foundation/suggest.h"
#include "profile/profile.h"

namespace convoy::profile {
namespace {

// Builds the cost graph node by node, in the graph's order.
class Builder {
 public:
  Builder(const onnx::Graph& graph, const Profile& profile)
      : graph_(graph), profile_(profile), copied_(onnx::copied_nodes(graph)) {
    planned_.costs.weights.reserve(graph.weights.size());
    for (const onnx::Weight& weight : graph.weights) planned_.costs.weights.push_back(weight.bytes);
    values_.resize(graph.values.size());
    copied_weights_.resize(graph.values.size());
  }

  Result<PlannedGraph> build() {
    for (const NodeId id : graph_.nodes.ids()) {
      if (copied_[id]) {
        fold(graph_.nodes[id]);
      } else if (auto placed = place(id); !placed) {
        return std::unexpected(placed.error());
      }
    }
    return std::move(planned_);
  }

 private:
  // What a part needs to have for this value to be there without being sent.
  void add_weights_of(ValueId id, std::vector<WeightId>& weights) const {
    if (const auto weight = graph_.values[id].weight) weights.push_back(*weight);
    std::ranges::copy(copied_weights_[id], std::back_inserter(weights));
  }

  std::vector<WeightId> weights_of(const onnx::Node& node) const {
    std::vector<WeightId> weights;
    for (const ValueId read : node.reads) add_weights_of(read, weights);
    std::ranges::sort(weights);
    const auto repeated = std::ranges::unique(weights);
    weights.erase(repeated.begin(), repeated.end());
    return weights;
  }

  // The results of a copied node are weights of their own, beside all that they are made of.
  void fold(const onnx::Node& node) {
    const std::vector<WeightId> made_of = weights_of(node);
    for (const ValueId written : node.writes) {
      copied_weights_[written] = made_of;
      copied_weights_[written].push_back(planned_.costs.weights.push_back(copied_size(written)));
    }
  }

  // Constants do not run, so a profile may not have seen them.
  Bytes copied_size(ValueId id) const {
    const onnx::Value& value = graph_.values[id];
    const auto measured = profile_.values.find(value.name);
    if (measured != profile_.values.end()) return measured->second;
    return onnx::bytes_of(value.type).value_or(Bytes(0));
  }

  bool is_sent(ValueId id) const {
    const onnx::Value& value = graph_.values[id];
    return !value.weight && !(value.producer && copied_[*value.producer]);
  }

  Result<ValueId> value_of(ValueId id) {
    if (values_[id]) return *values_[id];
    const onnx::Value& value = graph_.values[id];
    const auto size = profile_.values.find(value.name);
    // A profile has no size for what is no tensor.
    const bool has_size = value.type.container.empty();
    if (size == profile_.values.end() && has_size) {
      return fail(ErrorKind::input,
                  "the profile has no size for the value \"{}\": it was made of another model, or "
                  "the value did not arise in its run",
                  value.name);
    }
    values_[id] = planned_.costs.values.push_back(
        {.name = value.name,
         .bytes = size == profile_.values.end() ? Bytes(0) : size->second,
         .producer = {},
         .consumers = {},
         .is_output = value.is_output});
    return *values_[id];
  }

  Result<void> place(NodeId id) {
    const onnx::Node& node = graph_.nodes[id];
    const NodeId placed = planned_.placed.push_back(id);
    plan::CostNode cost{.name = node.name, .reads = {}, .writes = {}, .weights = weights_of(node)};
    for (const ValueId read : node.reads) {
      if (!is_sent(read)) continue;
      const Result<ValueId> value = value_of(read);
      if (!value) return std::unexpected(value.error());
      cost.reads.push_back(*value);
      planned_.costs.values[*value].consumers.push_back(placed);
    }
    for (const ValueId written : node.writes) {
      const Result<ValueId> value = value_of(written);
      if (!value) return std::unexpected(value.error());
      cost.writes.push_back(*value);
      planned_.costs.values[*value].producer = placed;
    }
    planned_.costs.nodes.push_back(std::move(cost));
    return {};
  }

  const onnx::Graph& graph_;
  const Profile& profile_;
  ById<NodeId, bool> copied_;
  PlannedGraph planned_;
  ById<ValueId, std::optional<ValueId>> values_;           // graph value -> cost value
  ById<ValueId, std::vector<WeightId>> copied_weights_;    // of values that copied nodes make
};

Result<const DeviceProfile*> find_device(const Profile& profile, const std::string& name) {
  const auto device = std::ranges::find(profile.devices, name, &DeviceProfile::device);
  if (device != profile.devices.end()) return &*device;
  std::vector<std::string> names;
  for (const DeviceProfile& known : profile.devices) names.push_back(known.device);
  return fail(ErrorKind::input, "the profile lacks the device \"{}\"{}", name,
              suggest(name, names));
}

std::string cores_text(double cores) {
  return cores == 0 ? "no limit to its cores" : fmt::format("{} cores", cores);
}

// The times of one device, in the order of the cost nodes.
Result<ById<NodeId, Seconds>> times_on(const DeviceProfile& device, const plan::CostGraph& costs) {
  ById<NodeId, Seconds> times;
  times.reserve(costs.nodes.size());
  for (const plan::CostNode& node : costs.nodes) {
    const auto time = device.nodes.find(node.name);
    if (time == device.nodes.end()) {
      return fail(ErrorKind::input,
                  "the profile of the device \"{}\" lacks the node \"{}\": it was made of another "
                  "model",
                  device.device, node.name);
    }
    times.push_back(time->second);
  }
  return times;
}

}  // namespace

Result<PlannedGraph> cost_graph(const onnx::Graph& graph, const Profile& profile,
                                const fleet::Fleet& fleet) {
  Result<PlannedGraph> planned = Builder(graph, profile).build();
  if (!planned) return planned;
  plan::CostGraph& costs = planned->costs;
  costs.items = profile.items;
  std::vector<std::string_view> sources;
  for (const fleet::Device& device : fleet.devices) {
    const Result<const DeviceProfile*> measured = find_device(profile, device.name);
    if (!measured) return std::unexpected(measured.error());
    if (const auto source = name_of((*measured)->source); !std::ranges::contains(sources, source)) {
      sources.push_back(source);
    }
    if ((*measured)->cores != device.cores) {
      return fail(ErrorKind::input,
                  "the profile of the device \"{}\" was made with {}, but it has {}; convoy profile "
                  "makes another", device.name, cores_text((*measured)->cores),
                  cores_text(device.cores));
    }
    Result<ById<NodeId, Seconds>> times = times_on(**measured, costs);
    if (!times) return std::unexpected(times.error());
    costs.compute.push_back(std::move(*times));
    costs.stage_overhead.push_back((*measured)->stage_overhead);
    costs.runtime_memory.push_back((*measured)->runtime_memory);
  }
  costs.source = fmt::format("{}", fmt::join(sources, ", "));
  return planned;
}

onnx::Partition partition_of(const PlannedGraph& graph, std::size_t graph_nodes,
                             const plan::Placement& placement) {
  onnx::Partition partition{.parts = placement.size(),
                            .part_of = ById<NodeId, PartId>(graph_nodes)};
  for (std::size_t stage = 0; stage < placement.size(); ++stage) {
    for (const NodeId node : placement[stage].nodes) {
      partition.part_of[graph.placed[node]] = PartId(stage);
    }
  }
  return partition;
}

plan::Placement placement_of(const PlannedGraph& graph, const onnx::Partition& partition,
                             const std::vector<DeviceId>& devices) {
  assert(devices.size() == partition.parts);
  plan::Placement placement(partition.parts);
  for (std::size_t part = 0; part < partition.parts; ++part) {
    placement[part].device = devices[part];
  }
  for (const NodeId node : graph.placed.ids()) {
    const PartId part = partition.part_of[graph.placed[node]];
    placement[part.index()].nodes.push_back(node);
  }
  return placement;
}

}  // namespace convoy::profile
