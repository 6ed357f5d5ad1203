// What a planner knows of a model: what each node costs on each device, and what flows between.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "foundation/id.h"
#include "foundation/units.h"

namespace convoy::plan {

using GroupId = Id<struct GroupTag>;

struct CostNode {
  std::string name;
  std::vector<ValueId> reads;      // each once
  std::vector<ValueId> writes;
  std::vector<WeightId> weights;   // each once; several nodes may share one
  Bytes workspace{0};              // scratch memory while it runs
  std::optional<GroupId> group;    // nodes of one group run on one device
  bool is_backward = false;        // of training: mirrors the forward pass, which orders the stages
};

struct CostValue {
  std::string name;
  Bytes bytes{0};
  std::optional<NodeId> producer;  // none: an input of the graph
  std::vector<NodeId> consumers;
  bool is_output = false;
};

// Nodes stand in a topological order. Nothing of ONNX in here: published planning problems are read
// into it as well.
struct CostGraph {
  // Where the costs come from: "measured", "emulated, estimated"; empty for a published problem.
  std::string source;
  int items = 1;  // of a request (a micro-batch); all costs are per request
  ById<NodeId, CostNode> nodes;
  ById<ValueId, CostValue> values;
  ById<WeightId, Bytes> weights;
  ById<DeviceId, ById<NodeId, Seconds>> compute;   // time of each node on each device
  ById<DeviceId, Seconds> stage_overhead;          // per request and stage, beside its nodes
  ById<DeviceId, Bytes> runtime_memory;            // what a worker needs before any model
};

}  // namespace convoy::plan
