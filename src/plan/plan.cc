#include "plan/plan.h"

namespace convoy::plan {

std::optional<double> gap(const Plan& plan) {
  if (!plan.bound) return std::nullopt;
  const Seconds reached = plan.objective == Objective::latency ? plan.figures.latency
                                                               : plan.figures.period;
  if (reached <= *plan.bound) return 0.0;
  return (reached - *plan.bound) / reached;
}

}  // namespace convoy::plan
