#include "plan/over_time.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <ranges>

#include "plan/evaluate.h"
#include "plan/online.h"
#include "plan/assignment.h"
#include "plan/reduced.h"

namespace convoy::plan {
namespace {

using Clock = std::chrono::steady_clock;
using fleet::FleetInterval;

// How unlike two fleets are, in factors of two of the most different link.
double distance(const FleetInterval& a, const FleetInterval& b) {
  if (a.present != b.present) return std::numeric_limits<double>::infinity();
  const auto size_of = [](const fleet::Link& link) {
    return link.bandwidth.value() == 0 ? std::log2(1e15)
                                       : std::log2(std::max(link.bandwidth.value(), 1e3));
  };
  double most = 0;
  for (const DeviceId from : a.fleet.devices.ids()) {
    for (const DeviceId to : a.fleet.devices.ids()) {
      const double one = size_of(a.fleet.links[from][to]);
      most = std::max(most, std::abs(one - size_of(b.fleet.links[from][to])));
    }
  }
  return most;
}

FleetInterval worst_of(const std::vector<FleetInterval>& intervals) {
  FleetInterval worst = intervals.front();
  for (const FleetInterval& interval : intervals) {
    for (const DeviceId from : worst.fleet.devices.ids()) {
      worst.present[from] = worst.present[from] && interval.present[from];
      for (const DeviceId to : worst.fleet.devices.ids()) {
        fleet::Link& link = worst.fleet.links[from][to];
        const fleet::Link& other = interval.fleet.links[from][to];
        const bool is_slower = link.bandwidth.value() == 0 ||
                               (other.bandwidth.value() > 0 && other.bandwidth < link.bandwidth);
        if (is_slower) link.bandwidth = other.bandwidth;
        link.latency = std::max(link.latency, other.latency);
      }
    }
  }
  return worst;
}

// What the solvers find, and each device alone; or why there is nothing.
Result<std::vector<Placement>> candidates(const CostGraph& graph,
                                          const std::vector<FleetInterval>& intervals,
                                          const OverTimeOptions& options) {
  std::vector<Placement> found;
  Result<void> why = fail(ErrorKind::infeasible, "no device is ever there");
  const fleet::Fleet& first = intervals.front().fleet;
  for (const DeviceId device : first.devices.ids()) {
    Placement alone = alone_on(graph, device);
    if (shortages(evaluate(graph, first, alone), first).empty()) found.push_back(std::move(alone));
  }
  const auto begun = Clock::now();
  const auto fleets = typical_fleets(intervals, options.most_fleets);
  for (std::size_t i = 0; i < fleets.size(); ++i) {
    const Reduced left = reduced(graph, fleets[i].fleet, fleets[i].present);
    if (left.original.empty()) continue;
    // What earlier ones left of their parts is for the later ones.
    const Seconds rest = options.solve.budget - Seconds(Clock::now() - begun);
    if (i > 0 && (rest <= Seconds(0) || options.solve.stop())) break;
    SolveOptions part = options.solve;
    part.bound = std::nullopt;  // it would be of another fleet
    part.budget = rest / static_cast<double>(fleets.size() - i);
    part.explanation = Explanation::errors;
    const auto plan = solve_auto(left.problem.graph, left.problem.fleet, part);
    if (plan) {
      found.push_back(left.restored(plan->placement));
    } else {
      why = std::unexpected(plan.error());
    }
  }
  if (found.empty()) return std::unexpected(why.error());
  return found;
}

}  // namespace

std::vector<FleetInterval> typical_fleets(const std::vector<FleetInterval>& intervals,
                                          std::size_t most) {
  std::vector<FleetInterval> typical = {mean_of(intervals), worst_of(intervals)};
  std::vector<double> nearest(intervals.size(), std::numeric_limits<double>::infinity());
  const auto bring_nearer = [&](const FleetInterval& fleet) {
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      nearest[i] = std::min(nearest[i], distance(intervals[i], fleet));
    }
  };
  for (const FleetInterval& fleet : typical) bring_nearer(fleet);
  for (std::size_t more = 0; more < most; ++more) {
    const auto farthest = std::ranges::max_element(nearest);
    if (*farthest <= 1) break;
    typical.push_back(intervals[static_cast<std::size_t>(farthest - nearest.begin())]);
    bring_nearer(typical.back());
  }
  return typical;
}

ById<PlanId, Placement> most_useful(const CostGraph& graph,
                                    const std::vector<FleetInterval>& intervals,
                                    std::vector<Placement> placements, std::size_t most) {
  ById<PlanId, Placement> all;
  for (Placement& placement : placements) {
    if (!std::ranges::contains(all, placement)) all.push_back(std::move(placement));
  }
  const Outlook outlook(graph, intervals, all);
  std::vector<double> reached(outlook.intervals(), 0);  // requests a second
  auto left = all.ids() | std::ranges::to<std::vector>();
  ById<PlanId, Placement> useful;
  while (!left.empty() && useful.size() < most) {
    // Added to what is served, and served alone.
    const auto worth = [&](PlanId plan) {
      std::pair<double, double> sums{0, 0};
      for (std::size_t i = 0; i < outlook.intervals(); ++i) {
        const double duration = (outlook.begin(i + 1) - outlook.begin(i)).count();
        sums.first += duration * std::max(0.0, outlook.rate(i, plan) - reached[i]);
        sums.second += duration * outlook.rate(i, plan);
      }
      return sums;
    };
    const auto best = std::ranges::max_element(left, {}, worth);
    for (std::size_t i = 0; i < outlook.intervals(); ++i) {
      reached[i] = std::max(reached[i], outlook.rate(i, *best));
    }
    useful.push_back(all[*best]);
    left.erase(best);
  }
  return useful;
}

Result<OverTime> plan_over_time(const CostGraph& graph, const std::vector<FleetInterval>& intervals,
                                const OverTimeOptions& options) {
  if (intervals.empty()) return fail(ErrorKind::input, "there is no time to plan for");
  const fleet::Fleet& first = intervals.front().fleet;
  if (const auto able = check_solvable(graph, first); !able) return std::unexpected(able.error());
  auto found = candidates(graph, intervals, options);
  if (!found) return std::unexpected(found.error());
  OverTime result;
  result.plans = most_useful(graph, intervals, std::move(*found), options.most_plans);
  OutlookOptions settings = options.outlook;
  settings.advance = Advance::everything;
  const Outlook stored(graph, intervals, result.plans, settings);
  result.best_stored = best_schedule(stored, options.schedule);
  result.online_stored = online_schedule(stored);
  settings.advance = Advance::nothing;
  const Outlook outlook(graph, intervals, result.plans, settings);
  result.best = best_schedule(outlook, options.schedule);
  result.fixed = best_fixed(outlook);
  result.online = online_schedule(outlook);
  result.without_move_costs = served_without_move_costs(outlook);
  return result;
}

}  // namespace convoy::plan
