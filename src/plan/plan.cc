#include "plan/plan.h"

#include "plan/objective.h"

namespace convoy::plan {

std::optional<double> gap(const Plan& plan) {
  if (!plan.bound) return std::nullopt;
  const double reached = value_of(plan.figures, plan.objective);
  if (reached <= *plan.bound) return 0.0;
  return (reached - *plan.bound) / reached;
}

}  // namespace convoy::plan
