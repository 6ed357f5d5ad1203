#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

#include "plan/annealing.h"
#include "plan/assignment.h"
#include "plan/bound.h"
#include "plan/explain.h"
#include "plan/front_search.h"
#include "plan/incumbent.h"
#include "plan/order_search.h"
#include "plan/problem.h"
#include "plan/replication.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {
namespace {

// Some problems want a long wander, others a short one.
constexpr std::array kHeats = {0.03, 0.1, 0.3};
constexpr std::int64_t kMovesPerUnit = 4'000;
constexpr std::int64_t kFewestMoves = 20'000;
constexpr std::int64_t kMostMoves = 4'000'000;
constexpr int kMostFutileRounds = 18;

class Searcher {
 public:
  Searcher(const CostGraph& graph, const fleet::Fleet& fleet, const SolveOptions& options)
      : graph_(graph),
        fleet_(fleet),
        options_(options),
        deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(options.budget)),
        bound_(period_bound(graph, fleet, options.bound)),
        contraction_(contract(graph, fleet, PlanForm::any)),
        best_(graph, fleet) {}

  Result<Plan> run() {
    const auto stop = [&] { return is_over(); };
    OrderSearch start = search_orders(graph_, fleet_, bound_, options_.seed, stop);
    if (start.placement && offer(*std::move(start.placement))) start_ = best_.placement();
    for (std::uint64_t round = 0; !is_over() && futile_ < kMostFutileRounds; ++round)
      anneal_once(round);
    if (!best_.placement()) {
      return does_not_fit(graph_, fleet_, "no plan was found that fits its devices",
                          order_fit(options_.seed), options_);
    }
    Plan plan =
        explained_plan("search", graph_, fleet_, *best_.placement(), best_.figures(), bound_);
    if (start.contiguous_bound) plan.contiguous_bound = start.contiguous_bound->count();
    if (options_.replicas == Replicas::allowed) {
      plan = with_replicas(std::move(plan), graph_, fleet_, [&] { return is_late(); });
    }
    if (options_.explanation == Explanation::full) {
      plan.unused = unused_of(graph_, fleet_, plan, options_.replicas,
                              "no plan was found that is faster with it");
    }
    return plan;
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_over() const {
    return best_.meets(bound_) || is_late();
  }
  [[nodiscard]] bool is_late() const { return Clock::now() >= deadline_ || options_.stop(); }
  // Less than this is rounding.
  bool offer(Placement placement) { return best_.offer(std::move(placement), 1e-9); }

  // From the best plan or, every other three rounds, the first one; without one, from all on one
  // device after the other.
  void anneal_once(std::uint64_t round) {
    AssignmentLoads loads(graph_, fleet_, contraction_);
    const std::optional<Placement>& from =
        round / kHeats.size() % 2 == 1 ? start_ : best_.placement();
    if (from) {
      const ById<NodeId, DeviceId> device_of = devices_of(graph_, *from);
      for (const UnitId unit : contraction_.units.ids()) {
        loads.move(unit, device_of[contraction_.units[unit].nodes.front()]);
      }
    } else {
      for (const UnitId unit : contraction_.units.ids()) {
        loads.move(unit, DeviceId(round % fleet_.devices.size()));
      }
    }
    const auto units = static_cast<std::int64_t>(contraction_.units.size());
    std::optional<ById<NodeId, DeviceId>> found;
    anneal(loads, contraction_, fleet_.devices.size(),
           {.moves = std::clamp(units * kMovesPerUnit, kFewestMoves, kMostMoves),
            .hottest = kHeats[round % kHeats.size()],
            .seed = options_.seed + round,
            .stop = [&] { return is_over(); }},
           [&] { found = loads.nodes(); });
    const bool better = found && offer(stages_of(graph_, *found));
    futile_ = better ? 0 : futile_ + 1;
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const SolveOptions& options_;
  Clock::time_point deadline_;
  Seconds bound_;
  Contraction contraction_;
  std::optional<Placement> start_;  // along one order
  Incumbent best_;
  int futile_ = 0;  // rounds since the last better one
};

}  // namespace

Result<Plan> solve_search(const CostGraph& graph, const fleet::Fleet& fleet,
                          const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (options.objective != Objective::throughput) {
    return solve_objective("search", graph, fleet, Reach::any, options);
  }
  return Searcher(graph, fleet, options).run();
}

}  // namespace convoy::plan
