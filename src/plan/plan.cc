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

// Smooth weighted round robin, as nginx has it: everyone gains its turns, whoever has most goes next and
// pays for all.
std::vector<DeviceId> cycle_of(const PlacedStage& stage) {
  std::vector<Replica> all = {{stage.device, stage.turns}};
  all.insert(all.end(), stage.replicas.begin(), stage.replicas.end());
  int length = 0;
  for (const Replica& one : all) length += one.turns;
  std::vector<int> credit(all.size(), 0);
  std::vector<DeviceId> cycle;
  for (int i = 0; i < length; ++i) {
    for (std::size_t k = 0; k < all.size(); ++k) credit[k] += all[k].turns;
    const auto next = static_cast<std::size_t>(std::ranges::max_element(credit) - credit.begin());
    credit[next] -= length;
    cycle.push_back(all[next].device);
  }
  return cycle;
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
