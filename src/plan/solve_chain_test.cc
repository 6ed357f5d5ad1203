#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <limits>

#include "plan/evaluate.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The shortest period over all contiguous runs on distinct devices, by trying each; infinite when
// none fits.
Seconds brute_force(const Problem& problem) {
  const std::size_t nodes = problem.graph.nodes.size();
  const std::size_t devices = problem.fleet.devices.size();
  Seconds best(std::numeric_limits<double>::infinity());
  std::vector<Stretch> runs;
  std::vector<bool> used(devices, false);
  const std::function<void(std::size_t)> extend = [&](std::size_t from) {
    if (from == nodes) {
      const Figures figures = evaluate(problem.graph, problem.fleet, placement_of(runs));
      if (shortages(figures, problem.fleet).empty()) best = std::min(best, figures.period);
      return;
    }
    for (std::size_t device = 0; device < devices; ++device) {
      if (used[device]) continue;
      used[device] = true;
      for (std::size_t to = from + 1; to <= nodes; ++to) {
        runs.push_back({device, from, to});
        extend(to);
        runs.pop_back();
      }
      used[device] = false;
    }
  };
  extend(0);
  return best;
}

struct Case {
  const char* name;
  fleet::Contention contention;
  double tightness;
  double skips;
};

class ChainAgainstBruteForce : public testing::TestWithParam<Case> {};

TEST_P(ChainAgainstBruteForce, FindsTheOptimumAndItsPlanHolds) {
  const auto& [name, contention, tightness, skips] = GetParam();
  int feasible = 0;
  for (std::uint64_t seed = 0; seed < 250; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 1 + seed % 8,
                                                  .devices = 1 + seed % 4,
                                                  .skip_probability = skips,
                                                  .tightness = tightness,
                                                  .contention = contention});
    const Seconds optimum = brute_force(problem);
    const Result<Plan> plan = solve_chain(problem.graph, problem.fleet);
    if (!std::isfinite(optimum.count())) {
      ASSERT_FALSE(plan) << "seed " << seed;
      EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
      continue;
    }
    ++feasible;
    ASSERT_TRUE(plan) << "seed " << seed << ": " << plan.error().message;
    EXPECT_NEAR(plan->figures.period.count(), optimum.count(), 1e-8 * optimum.count())
        << "seed " << seed;
    EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty()) << "seed " << seed;
    EXPECT_THAT(plan->limits, Contains("optimal among contiguous cuts in this order"));
  }
  EXPECT_GT(feasible, 100);
}

INSTANTIATE_TEST_SUITE_P(
    All, ChainAgainstBruteForce,
    testing::Values(Case{"Link", fleet::Contention::link, 0, 0.4},
                    Case{"LinkTight", fleet::Contention::link, 0.9, 0.4},
                    Case{"LinkManySkips", fleet::Contention::link, 0.3, 0.7},
                    Case{"Radio", fleet::Contention::radio, 0, 0.4},
                    Case{"RadioTight", fleet::Contention::radio, 0.9, 0.6},
                    Case{"Medium", fleet::Contention::medium, 0, 0.4},
                    Case{"MediumTight", fleet::Contention::medium, 0.9, 0.6}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace convoy::plan
