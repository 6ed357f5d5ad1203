#include "plan/assignment.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace convoy::plan {
namespace {

class Scheduler {
 public:
  Scheduler(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of)
      : graph_(graph), device_of_(device_of), waits_for_(graph.nodes.size(), 0) {
    for (const NodeId node : graph.nodes.ids()) {
      ++left_[device_of[node]];
      for (const ValueId value : graph.nodes[node].reads) {
        if (graph.values[value].producer) ++waits_for_[node];
      }
      if (waits_for_[node] == 0) ready_[device_of[node]].push_back(node);
    }
  }

  Placement run() {
    Placement placement;
    for (std::size_t placed = 0; placed < graph_.nodes.size();) {
      PlacedStage stage = next_stage();
      placed += stage.nodes.size();
      left_[stage.device] -= stage.nodes.size();
      ready_[stage.device].clear();
      finish(stage);
      std::ranges::sort(stage.nodes);
      placement.push_back(std::move(stage));
    }
    return placement;
  }

 private:
  // What the device can run now, one node after the other.
  std::vector<NodeId> runnable(DeviceId device, const std::vector<NodeId>& ready) {
    std::vector<NodeId> nodes = ready;
    std::map<NodeId, std::size_t> waits_for;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      for (const ValueId value : graph_.nodes[nodes[i]].writes) {
        for (const NodeId reader : graph_.values[value].consumers) {
          if (device_of_[reader] != device) continue;
          const auto at = waits_for.emplace(reader, waits_for_[reader]).first;
          if (--at->second == 0) nodes.push_back(reader);
        }
      }
    }
    return nodes;
  }

  PlacedStage next_stage() {
    std::optional<PlacedStage> best;
    for (const auto& [device, ready] : ready_) {
      if (ready.empty()) continue;
      std::vector<NodeId> nodes = runnable(device, ready);
      const bool all = nodes.size() == left_[device];
      if (!best || all || nodes.size() > best->nodes.size()) {
        best = PlacedStage{.device = device, .nodes = std::move(nodes)};
      }
      if (all) break;
    }
    return *std::move(best);
  }

  void finish(const PlacedStage& stage) {
    std::map<NodeId, char> done;
    for (const NodeId node : stage.nodes) done.emplace(node, 1);
    for (const NodeId node : stage.nodes) {
      for (const ValueId value : graph_.nodes[node].writes) {
        for (const NodeId reader : graph_.values[value].consumers) {
          if (--waits_for_[reader] == 0 && !done.contains(reader)) {
            ready_[device_of_[reader]].push_back(reader);
          }
        }
      }
    }
  }

  const CostGraph& graph_;
  const ById<NodeId, DeviceId>& device_of_;
  ById<NodeId, std::size_t> waits_for_;  // values that are not made yet
  std::map<DeviceId, std::size_t> left_;
  std::map<DeviceId, std::vector<NodeId>> ready_;
};

}  // namespace

Placement stages_of(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of) {
  return Scheduler(graph, device_of).run();
}

Placement alone_on(const CostGraph& graph, DeviceId device) {
  PlacedStage stage{.device = device, .nodes = {}};
  for (const NodeId node : graph.nodes.ids()) stage.nodes.push_back(node);
  return {std::move(stage)};
}

bool is_contiguous(const Placement& placement) {
  std::set<DeviceId> devices;
  for (const PlacedStage& stage : placement) {
    if (!stage.replicas.empty() || !devices.insert(stage.device).second) return false;
  }
  return true;
}

ById<NodeId, DeviceId> devices_of(const CostGraph& graph, const Placement& placement) {
  ById<NodeId, DeviceId> device_of(graph.nodes.size());
  for (const PlacedStage& stage : placement) {
    for (const NodeId node : stage.nodes) device_of[node] = stage.device;
  }
  return device_of;
}

}  // namespace convoy::plan
