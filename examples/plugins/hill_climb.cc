// A solver of your own: moves the ends of the devices' runs of nodes for as long as that helps.
#include <convoy/plugin.h>
#include <utility>

struct HillClimb : convoy::Solver {
  convoy::PlacementChoice solve(const convoy::PlanningTask& task, const convoy::Predict& predict) {
    convoy::PlacementChoice best;
    double shortest = 1e99;  // its period
    const auto is_better = [&](const std::vector<std::size_t>& ends) {
      convoy::PlacementChoice stages;
      for (std::size_t device = 0, node = 0; device < ends.size(); ++device) {
        if (node < ends[device]) stages.push_back({.device = device, .nodes = {}});
        for (; node < ends[device]; ++node) stages.back().nodes.push_back(node);
      }
      const auto [wrong, period, latency, energy] = predict(stages);
      if (!wrong.empty() || period >= shortest) return false;
      return best = stages, shortest = period, true;
    };
    std::vector<std::size_t> ends(task.devices.size(), task.nodes.size());
    for (bool moved = true; std::exchange(moved, false);)
      for (std::size_t& end : ends) {
        for (std::size_t tried = 0; tried <= task.nodes.size(); ++tried) {
          const std::size_t before = std::exchange(end, tried);
          is_better(ends) ? moved = true : end = before;
        }
      }
    return best;
  }
};
CONVOY_SOLVER(HillClimb)
