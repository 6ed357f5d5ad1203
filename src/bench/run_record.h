// What convoy saw while a test case ran.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/units.h"
#include "onnx/cut.h"
#include "onnx/graph.h"
#include "plan/plan.h"
#include "profile/profile.h"
#include "runtime/pipeline.h"

namespace convoy::bench {

// What a stage was planned to do.
struct StagePlan {
  std::string file;
  std::string device;
  std::size_t nodes = 0;
  std::map<std::string, std::size_t> operators;  // how many of each
  Bytes weights{0};
  Seconds compute{0};  // per request
  Seconds send{0};
};

// A placement with its prediction, in names.
struct RunPlan {
  std::string solver;                // "chain", "points", "yours", "none"
  std::vector<StagePlan> stages;
  Seconds period{0};
  Seconds latency{0};
  std::map<std::string, Bytes> memory;  // by device
  std::vector<std::pair<std::string, std::string>> unused;  // device, why
  std::vector<std::string> limits;
  std::optional<double> gap;         // to the bound, as a fraction
  std::vector<std::string> prospects;  // what another fleet would bring
  std::string json;                    // plan.json
  std::string picture;                 // SVG
};

// One answer as the coordinator saw it.
struct Arrival {
  Seconds at{0};       // since the first submission
  Seconds latency{0};
  std::size_t items = 1;
};

struct RunRecord {
  std::optional<RunPlan> plan;       // none when a plug-in brought sub-models of its own making
  std::optional<onnx::SplitMap> map;
  std::vector<Arrival> arrivals;
  std::vector<runtime::StageReport> stages;
  std::vector<runtime::BusyInterval> busy;
  std::string emulation;             // how the devices were emulated
  std::size_t in_flight = 0;
  std::vector<std::string> notes;
};

// The plan in names: who runs what, and what it should cost.
[[nodiscard]] RunPlan in_names(const plan::Plan& plan, const profile::PlannedGraph& planned,
                               const onnx::Graph& graph, const fleet::Fleet& fleet);

}  // namespace convoy::bench
