// What the nodes of a model cost on a device, as measured there or estimated.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "onnx/cut.h"
#include "onnx/graph.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::profile {

enum class Source { measured, emulated, estimated };

// One device's costs. Node times and `stage_overhead` sum to the wall time of a whole run under the
// device's limits.
struct DeviceProfile {
  std::string device;
  Source source = Source::measured;
  Seconds run{0};                          // wall time of one whole run, warm: median; or estimated
  Seconds spread{0};                       // half of its interquartile range
  int runs = 0;
  double cores = 0;                        // that the device had; 0: not limited
  std::map<std::string, Seconds> nodes;    // by node name (convoy names all nodes)
  Seconds stage_overhead{0};               // per request, beside the nodes
  Bytes runtime_memory{0};                 // resident memory of a worker without a model
};

// profile.json.
struct Profile {
  int items = 1;                           // of a request (a micro-batch); all costs are per request
  std::string model_sha256;                // of the optimised model that was profiled
  std::string runtime_version;
  std::map<std::string, Bytes> values;     // bytes of each value, as a sample run saw it
  std::vector<DeviceProfile> devices;
};

// "measured", "emulated", "estimated".
[[nodiscard]] std::string_view name_of(Source source);

[[nodiscard]] std::string to_json(const Profile& profile);
// What is in a file, whose name errors begin with. They name the key that is missing, of the wrong
// kind, or beyond what can be measured.
[[nodiscard]] Result<Profile> parse_profile(const std::string& text, const std::string& file);

// A model and its costs as a planner sees them. Nodes that a cut copies (onnx::copied_nodes) are
// folded into nothing: cost node i stands for graph node placed[i]. What they read and what they make
// counts as weights of the nodes that read their results.
struct PlannedGraph {
  plan::CostGraph costs;
  ById<NodeId, NodeId> placed;  // cost node -> graph node
};

// Errors: a device of the fleet, a node or the size of a value that the profile lacks; a device that
// had other cores when it was profiled.
[[nodiscard]] Result<PlannedGraph> cost_graph(const onnx::Graph& graph, const Profile& profile,
                                              const fleet::Fleet& fleet);

// The partition that a placement means for the model's graph: part i is stage i.
[[nodiscard]] onnx::Partition partition_of(const PlannedGraph& graph, std::size_t graph_nodes,
                                           const plan::Placement& placement);

// The placement that a partition of the model's graph means: stage i is part i on devices[i].
[[nodiscard]] plan::Placement placement_of(const PlannedGraph& graph,
                                           const onnx::Partition& partition,
                                           const std::vector<DeviceId>& devices);

}  // namespace convoy::profile
