#include <fmt/ranges.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "plan/assignment.h"
#include "plan/bound.h"
#include "plan/chain_optimum.h"
#include "plan/evaluate.h"
#include "plan/front_search.h"
#include "plan/integer_bound.h"
#include "plan/order_search.h"
#include "plan/problem.h"
#include "plan/reduced.h"
#include "plan/replication.h"
#include "plan/shortfall.h"
#include "plan/solve.h"
#include "plan/unused.h"

namespace convoy::plan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostCells = 3000;  // nodes and devices, for integer programming
constexpr Seconds kBoundTime{2};
constexpr double kProven = 1e-6;  // of HiGHS, whose own tolerances are that wide

// Where none fits in the model's order, another may.
Fit any_fit(const CostGraph& graph, const fleet::Fleet& fleet) {
  return chain_fit(graph, fleet) == Fit::found ? Fit::found : Fit::unknown;
}

class Portfolio {
 public:
  Portfolio(const CostGraph& graph, const fleet::Fleet& fleet, const SolveOptions& options)
      : graph_(graph),
        fleet_(fleet),
        options_(options),
        begun_(Clock::now()),
        bound_(period_bound(graph, fleet, options.bound)) {}

  Result<Plan> run() {
    // The earlier explains more, so a later one has to be better.
    // Of more devices, an exact search would leave some out.
    const bool is_exact =
        kinds_of(graph_, fleet_, std::nullopt, ChainSearch::kMostSets).left_out.empty();
    if (is_exact) take("chain", solve_chain(graph_, fleet_, options_for(1)));
    take("memory", solve_memory(graph_, fleet_, options_for(1)));
    if (fleet_.devices.size() > 0 && graph_.nodes.size() > 0) take_the_best_alone();
    const bool is_small = graph_.nodes.size() * fleet_.devices.size() <= kMostCells;
    if (goes_on()) search_side_by_side(is_exact, is_small ? 0.85 : 1);
    if (!best_) {
      if (best_.error().kind != ErrorKind::infeasible) return best_;
      return does_not_fit(
          graph_, fleet_, "no plan was found that fits its devices",
          is_exact && is_plain(graph_, fleet_) ? FitSearch(any_fit) : order_fit(options_.seed),
          options_);
    }
    if (is_small && goes_on()) raise_bound();
    if (contiguous_bound_) best_->contiguous_bound = contiguous_bound_;
    if (options_.replicas == Replicas::allowed) {
      best_ = with_replicas(*std::move(best_), graph_, fleet_, options_for(1).stop);
    }
    if (options_.explanation == Explanation::full) {
      best_->unused = unused_of(graph_, fleet_, *best_, options_.replicas,
                                "no plan was found that is faster with it");
    }
    best_->limits.push_back(fmt::format("periods compared: {}", fmt::join(periods_, ", ")));
    return best_;
  }

 private:
  // So that neither has less time than it would have alone. An optimum that ideals proves ends
  // search.
  void search_side_by_side(bool is_exact, double part) {
    std::atomic<bool> is_proven = false;
    std::future<Result<Plan>> ideals;
    SolveOptions searching = options_for(part);
    if (is_exact) {
      ideals = std::async(std::launch::async, [&] {
        auto plan = solve_ideals(graph_, fleet_, options_for(part));
        is_proven = plan && plan->proven;
        return plan;
      });
      searching.stop = [&is_proven, stop = searching.stop] { return is_proven || stop(); };
    }
    auto found = solve_search(graph_, fleet_, searching);
    if (is_exact) take("ideals", ideals.get());
    if (!is_proven) take("search", std::move(found));
  }
  // What integer programming proves beyond it, in a part of the budget.
  void raise_bound() {
    const Seconds time = std::min({options_.budget - spent(), 0.15 * options_.budget, kBoundTime});
    const double proven = integer_bound(graph_, fleet_, time).count();
    const double reached = best_->figures.period.count();
    if (proven <= *best_->bound) return;
    best_->bound = std::min(proven, reached);
    best_->proven = *gap(*best_) < kProven;
    bound_ = Seconds(*best_->bound);
  }
  void take_the_best_alone() {
    std::optional<DeviceId> best;
    Seconds shortest{0};
    for (const DeviceId device : fleet_.devices.ids()) {
      const Figures figures = evaluate(graph_, fleet_, alone_on(graph_, device));
      if (!shortages(figures, fleet_).empty() || (best && figures.period >= shortest)) continue;
      best = device;
      shortest = figures.period;
    }
    if (!best) {
      periods_.push_back("no device alone has the memory");
      return;
    }
    auto alone = solve_points(graph_, fleet_, alone_on(graph_, *best), options_for(1));
    if (alone) alone->solver = "alone";
    take(fleet_.devices[*best].name + " alone", std::move(alone));
  }
  void take(const std::string& name, Result<Plan> plan) {
    if (!plan) {
      const bool no_room = plan.error().kind == ErrorKind::infeasible;
      periods_.push_back(name + (no_room ? " does not fit" : " found nothing"));
      if (!best_ && (first_ || no_room)) best_ = std::move(plan);
      first_ = false;
      return;
    }
    first_ = false;
    periods_.push_back(fmt::format("{} {}", name, to_text(plan->figures.period)));
    if (plan->contiguous_bound) contiguous_bound_ = plan->contiguous_bound;
    if (!best_ || plan->figures.period < best_->figures.period * (1 - 1e-6)) best_ = std::move(plan);
  }
  [[nodiscard]] Seconds spent() const { return Clock::now() - begun_; }
  [[nodiscard]] bool is_stopped() const {
    const std::scoped_lock lock(asking_);
    return options_.stop();
  }
  [[nodiscard]] bool goes_on() const {
    return !(best_ && best_->proven) && spent() < options_.budget && !is_stopped();
  }
  // Until so much of the whole budget is spent.
  [[nodiscard]] SolveOptions options_for(double part) const {
    const Seconds until = part * options_.budget;
    return {.budget = until - spent(),
            .seed = options_.seed,
            .stop = [this, until] { return spent() >= until || is_stopped(); },
            .bound = bound_,
            .explanation = Explanation::none};
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const SolveOptions& options_;
  mutable std::mutex asking_;
  Clock::time_point begun_;
  Seconds bound_;
  bool first_ = true;
  Result<Plan> best_ = fail(ErrorKind::failure, "no plan was found in time");
  std::optional<double> contiguous_bound_;
  std::vector<std::string> periods_;
};

}  // namespace

Result<Plan> solve_auto(const CostGraph& graph, const fleet::Fleet& fleet,
                        const SolveOptions& options) {
  if (auto able = check_solvable(graph, fleet); !able) return std::unexpected(able.error());
  if (options.objective != Objective::throughput) {
    return solve_objective("auto", graph, fleet, Reach::any, options);
  }
  return Portfolio(graph, fleet, options).run();
}

}  // namespace convoy::plan
