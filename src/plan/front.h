// Placements of which none is better than another in all that is wanted.
#pragma once

#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// A Pareto front; of one objective, the best placement. Refers to the graph and the fleet.
class Front {
 public:
  struct Point {
    Placement placement;
    Figures figures;
    std::vector<double> values;  // by objective, in its unit (value_of())
  };

  Front(const CostGraph& graph, const fleet::Fleet& fleet, std::vector<Objective> objectives)
      : graph_(&graph), fleet_(&fleet), objectives_(std::move(objectives)) {}

  // Takes a placement in if it fits the memories and no other is as good, in all within rounding;
  // drops those that are no better than it.
  bool offer(Placement placement);
  // The same, where evaluate() was asked already.
  bool offer(Placement placement, Figures figures);
  // Whether a placement with these values would be no better than one of the front.
  [[nodiscard]] bool covers(const std::vector<double>& values) const;

  [[nodiscard]] const std::vector<Objective>& objectives() const { return objectives_; }
  // In the order of the objectives.
  [[nodiscard]] std::vector<double> values_of(const Figures& figures) const;

  // By the first objective, ascending.
  [[nodiscard]] const std::vector<Point>& points() const { return points_; }

 private:
  const CostGraph* graph_;
  const fleet::Fleet* fleet_;
  std::vector<Objective> objectives_;
  std::vector<Point> points_;
};

}  // namespace convoy::plan
