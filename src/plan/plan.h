// A plan: who runs what, what that should cost, and how far from the best it can be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

enum class Objective { throughput, latency, energy };

// A further device that runs the nodes of a stage, for some of the requests.
struct Replica {
  DeviceId device;
  int turns = 1;

  friend bool operator==(const Replica&, const Replica&) = default;
};

// Nodes placed on a device, in the order in which the stages run. Every node is in exactly one stage.
// A stage with replicas is run by its devices in turn: of each cycle of requests `device` takes `turns`
// and each replica its own. Such a device runs no other stage.
struct PlacedStage {
  DeviceId device;
  std::vector<NodeId> nodes;  // ascending
  int turns = 1;
  std::vector<Replica> replicas = {};

  friend bool operator==(const PlacedStage&, const PlacedStage&) = default;
};
using Placement = std::vector<PlacedStage>;

// Who runs a stage, and for which part of the requests; the parts sum to 1.
struct Runner {
  DeviceId device;
  double part = 1;
};
[[nodiscard]] std::vector<Runner> runners_of(const PlacedStage& stage);

// Who takes which request of a cycle: `turns` of each device, spread evenly.
[[nodiscard]] std::vector<DeviceId> cycle_of(const PlacedStage& stage);

// Whether a device runs any stage.
[[nodiscard]] bool uses(const Placement& placement, DeviceId device);

// What one stage costs per request, on average over its runners.
struct StageFigures {
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  Seconds compute{0};
  Seconds send{0};      // time its results occupy its links
  Bytes sent{0};
};

// What a placement costs. The evaluator says how (evaluate.h).
struct Figures {
  Seconds period{0};
  Seconds latency{0};
  Joules energy{0};                    // per request; 0 without power figures
  std::vector<StageFigures> stages;    // as in the placement
  ById<DeviceId, Bytes> memory;
  ById<DeviceId, Seconds> busy;        // compute per request, and its load by transfers
};

// Memory that a placement would need and a device lacks.
struct Shortage {
  DeviceId device;
  Bytes needed;
  Bytes available;
};

struct Unused {
  DeviceId device;
  std::string why;
};

// What the objective would become if one thing of the fleet were different (marginal.h).
struct Marginal {
  enum class Change { another_device, faster_link, more_memory, without_device };
  Change change = Change::another_device;
  std::string what;             // "one more phone", "the link laptop -> phone twice as fast"
  std::optional<double> value;  // the new objective, in seconds or joules; none: nothing would fit
  double gain = 0;              // the part of the objective that is saved; negative: lost
  bool proven = false;          // no plan of the changed fleet has a smaller one
};

struct Plan {
  std::string solver;
  Objective objective = Objective::throughput;
  Placement placement;
  Figures figures;
  std::optional<double> bound;     // no placement has a smaller objective; in its unit: s or J. None: not known
  bool proven = false;             // the bound is met
  // No contiguous placement has a smaller objective: none in which each device has one set of nodes and
  // stages can be ordered such that values only go forward. None: not known. May be above what a plan
  // reaches that is not contiguous.
  std::optional<double> contiguous_bound;
  std::vector<Unused> unused;
  std::vector<std::string> limits; // what limits the plan, in words
  std::vector<Marginal> marginal;  // the most helpful first; empty: not asked for
};

// The distance to the bound as a fraction of the plan's objective; nothing without a bound.
[[nodiscard]] std::optional<double> gap(const Plan& plan);

}  // namespace convoy::plan
