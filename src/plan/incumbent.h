// The best placement that a solver has found so far.
#pragma once

#include <limits>
#include <optional>
#include <utility>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/evaluate.h"
#include "plan/plan.h"

namespace convoy::plan {

// Refers to its arguments.
class Incumbent {
 public:
  Incumbent(const CostGraph& graph, const fleet::Fleet& fleet) : graph_(&graph), fleet_(&fleet) {}

  // Takes the placement's place if it is shorter, by this part of the period at least, and fits.
  bool offer(Placement placement, double part = 0) {
    Figures figures = evaluate(*graph_, *fleet_, placement);
    if (figures.period >= period() * (1 - part)) return false;
    if (!shortages(figures, *fleet_).empty()) return false;
    placement_ = std::move(placement);
    figures_ = std::move(figures);
    return true;
  }
  // None: nothing was found yet.
  [[nodiscard]] const std::optional<Placement>& placement() const { return placement_; }
  [[nodiscard]] const Figures& figures() const { return figures_; }
  // Infinite before anything was found.
  [[nodiscard]] Seconds period() const {
    return placement_ ? figures_.period : Seconds(std::numeric_limits<double>::infinity());
  }
  [[nodiscard]] bool meets(Seconds bound) const { return period() <= bound * (1 + 1e-9); }

 private:
  const CostGraph* graph_;
  const fleet::Fleet* fleet_;
  std::optional<Placement> placement_;
  Figures figures_;
};

}  // namespace convoy::plan
