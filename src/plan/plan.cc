#include "plan/plan.h"

#include <algorithm>

#include "plan/objective.h"

namespace convoy::plan {

std::vector<Runner> runners_of(const PlacedStage& stage) {
  int cycle = stage.turns;
  for (const Replica& replica : stage.replicas) cycle += replica.turns;
  const auto part = [&](int turns) { return static_cast<double>(turns) / cycle; };
  std::vector<Runner> runners = {{stage.device, part(stage.turns)}};
  for (const auto& [device, turns] : stage.replicas) runners.push_back({device, part(turns)});
  return runners;
}

bool uses(const Placement& placement, DeviceId device) {
  return std::ranges::any_of(placement, [&](const PlacedStage& stage) {
    return stage.device == device ||
           std::ranges::contains(stage.replicas, device, &Replica::device);
  });
}

std::optional<double> gap(const Plan& plan) {
  if (!plan.bound) return std::nullopt;
  const double reached = value_of(plan.figures, plan.objective);
  if (reached <= *plan.bound) return 0.0;
  return (reached - *plan.bound) / reached;
}

}  // namespace convoy::plan
