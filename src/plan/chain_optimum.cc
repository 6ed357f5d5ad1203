#include "plan/chain_optimum.h"

#include <algorithm>
#include <limits>

#include "plan/contraction.h"
#include "plan/evaluate.h"

namespace convoy::plan {
namespace {

using Outcome = ChainSearch::Outcome;

constexpr std::int64_t kProbes = 16;  // a single search may take this part of the steps
constexpr Seconds kAnyPeriod{std::numeric_limits<double>::infinity()};

}  // namespace

std::expected<ChainOptimum, Outcome> chain_optimum(const CostGraph& graph,
                                                   const fleet::Fleet& fleet, Seconds least,
                                                   Effort effort,
                                                   std::optional<Requirement> required) {
  ChainSearch search(graph, fleet, required);
  std::int64_t steps = effort.steps;
  ChainOptimum best;
  // The bound is often nearly met, and short periods are quick to look through.
  Seconds limit = least * 1.25;
  for (Outcome outcome = Outcome::none; outcome != Outcome::found; limit *= 1.5) {
    const bool is_last = !(limit > Seconds(0)) || limit > 20 * least;
    std::int64_t some = is_last ? steps : std::min(steps, effort.steps / kProbes);
    steps -= some;
    outcome = search.find(is_last ? kAnyPeriod : limit, search.devices(), some);
    steps += std::max<std::int64_t>(some, 0);
    if (outcome != Outcome::found && is_last) return std::unexpected(outcome);
  }
  best.left_out = search.left_out();
  best.sets = search.sets();
  const auto keep = [&] {
    best.placement = search.placement();
    best.period = evaluate(graph, fleet, best.placement).period;
  };
  keep();
  best.bound = search.bound(least, best.period);
  // Periods from the bound up in growing strides, as the bound is often nearly met; then halves;
  // and where little is left, just below what was found, as few plans lie between. Where a search
  // runs out of steps, the period counts as not to be had, but not as a bound.
  Seconds floor = best.bound;
  double stride = 1e-3;
  while (best.period - floor > effort.tolerance * best.period && steps > 0) {
    const Seconds middle = (floor + best.period) / 2;
    Seconds period = floor > Seconds(0) ? std::min(middle, floor * (1 + stride)) : middle;
    if (best.period - floor < 0.003 * best.period)
      period = best.period * (1 - effort.tolerance / 2);
    std::int64_t some = std::min(steps, effort.steps / kProbes);
    steps -= some;
    const Outcome outcome = search.find(period, search.devices(), some);
    steps += std::max<std::int64_t>(some, 0);
    if (outcome == Outcome::found) {
      keep();
      continue;
    }
    if (outcome == Outcome::none) best.bound = period;
    floor = period;
    stride *= 4;
  }
  best.bound = std::min(best.bound, best.period);
  // As few devices as will do.
  const Seconds enough = best.period * (1 + 1e-12);
  steps = std::max(steps, effort.steps / kProbes);
  while (best.placement.size() > 1 && search.sets() <= kFewSets &&
         search.find(enough, best.placement.size() - 1, steps) == Outcome::found) {
    keep();
  }
  return best;
}

Fit chain_fit(const CostGraph& graph, const fleet::Fleet& fleet) {
  std::int64_t steps = kGlance.steps;
  ChainSearch search(graph, fleet);
  switch (search.find(kAnyPeriod, search.devices(), steps)) {
    case Outcome::found:
      return Fit::found;
    case Outcome::none:
      return Fit::none;
    case Outcome::out_of_steps:
      break;
  }
  return Fit::unknown;
}

bool is_plain(const CostGraph& graph, const fleet::Fleet& fleet) {
  return transfers_overlap(fleet) && std::ranges::none_of(graph.nodes, [](const CostNode& node) {
           return node.group.has_value() || node.is_backward;
         });
}

}  // namespace convoy::plan
