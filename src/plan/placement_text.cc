#include "plan/placement_text.h"

#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace convoy::plan {

std::string to_text(const Placement& placement, const fleet::Fleet& fleet) {
  constexpr std::size_t kMost = 8;
  std::vector<std::string> stages;
  for (const PlacedStage& stage : placement) {
    stages.push_back(fmt::format("{} {}", fleet.devices[stage.device].name, stage.nodes.size()));
  }
  if (stages.size() > kMost) {
    const std::size_t more = stages.size() - kMost;
    stages.resize(kMost);
    stages.push_back(fmt::format("and {} more", more));
  }
  return fmt::format("{}", fmt::join(stages, ", "));
}

nlohmann::ordered_json stages_json(const Placement& placement, const CostGraph& graph,
                                   const fleet::Fleet& fleet) {
  auto stages = nlohmann::ordered_json::array();
  for (const PlacedStage& stage : placement) {
    auto names = nlohmann::ordered_json::array();
    for (const NodeId node : stage.nodes) names.push_back(graph.nodes[node].name);
    stages.push_back({{"device", fleet.devices[stage.device].name}, {"nodes", std::move(names)}});
  }
  return stages;
}

}  // namespace convoy::plan
