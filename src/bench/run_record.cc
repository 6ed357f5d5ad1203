#include "bench/run_record.h"

#include <cmath>
#include <set>

#include "plan/marginal.h"
#include "plan/picture.h"
#include "plan/plan_file.h"

namespace convoy::bench {

RunPlan in_names(const plan::Plan& plan, const profile::PlannedGraph& planned,
                 const onnx::Graph& graph, const fleet::Fleet& fleet) {
  RunPlan named{.solver = plan.solver,
                .period = plan.figures.period,
                .latency = plan.figures.latency,
                .limits = plan.limits,
                .gap = plan::gap(plan),
                .json = plan::to_json(plan, planned.costs, fleet),
                .picture = plan::picture_of(planned.costs, fleet, plan)};
  for (const plan::Marginal& marginal : plan.marginal) {
    if (std::abs(marginal.gain) >= plan::kLeastGain) {
      named.prospects.push_back(plan::to_text(marginal, plan));
    }
  }
  for (std::size_t i = 0; i < plan.placement.size(); ++i) {
    const plan::PlacedStage& placed = plan.placement[i];
    StagePlan stage{.file = fmt::format("sub_model_{}.onnx", i + 1),
                    .device = fleet.devices[placed.device].name,
                    .nodes = placed.nodes.size(),
                    .compute = plan.figures.stages[i].compute,
                    .send = plan.figures.stages[i].send};
    std::set<WeightId> weights;
    for (const NodeId node : placed.nodes) {
      ++stage.operators[graph.nodes[planned.placed[node]].op];
      const auto& read = planned.costs.nodes[node].weights;
      weights.insert(read.begin(), read.end());
    }
    for (const WeightId weight : weights) stage.weights += planned.costs.weights[weight];
    named.stages.push_back(std::move(stage));
  }
  for (const DeviceId device : fleet.devices.ids()) {
    named.memory[fleet.devices[device].name] = plan.figures.memory[device];
  }
  for (const plan::Unused& unused : plan.unused) {
    named.unused.emplace_back(fleet.devices[unused.device].name, unused.why);
  }
  return named;
}

}  // namespace convoy::bench
