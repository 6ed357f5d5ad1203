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

// A residual network in the large: every third node adds what was three nodes before, one value in
// fifty is read a hundred nodes later.
Problem residual_network(std::size_t nodes, std::size_t devices, double bytes_per_second) {
  ProblemBuilder builder;
  for (std::size_t i = 0; i < devices; ++i) {
    builder.device("d" + std::to_string(i), 40'000'000 + static_cast<int>(i) * 7'000'000);
  }
  builder.links(bytes_per_second);
  std::vector<ValueId> values = {builder.input(600'000)};
  for (std::size_t node = 0; node < nodes; ++node) {
    std::vector<double> seconds;
    for (std::size_t i = 0; i < devices; ++i) {
      const auto uneven = static_cast<double>((node * 7 + i * 3) % 5);
      seconds.push_back(1e-4 * static_cast<double>(1 + node % 9) * (1 + 0.5 * static_cast<double>(i)) *
                        (1 + 0.05 * uneven));
    }
    std::vector<ValueId> reads = {values.back()};
    if (node % 3 == 2) reads.push_back(values[node - 2]);
    if (node % 50 == 0 && node >= 100) reads.push_back(values[node - 100]);
    const auto bytes = static_cast<std::int64_t>(1 + node % 4) * 150'000;
    values.push_back(builder.node(seconds, reads, bytes, {builder.weight(400'000)}));
  }
  builder.returns(values.back());
  return builder.problem();
}

TEST(ChainOnLargeGraphs, IsExactForSevenHundredNodesOnEightUnequalDevices) {
  for (const auto contention :
       {fleet::Contention::link, fleet::Contention::radio, fleet::Contention::medium}) {
    Problem problem = residual_network(700, 8, 5e6);
    problem.fleet.contention = contention;
    const auto plan = solve_chain(problem.graph, problem.fleet);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty());
    EXPECT_THAT(plan->limits, Contains("optimal among contiguous cuts in this order"));
  }
}

TEST(ChainOnLargeGraphs, PlansTenThousandNodes) {
  Problem problem = residual_network(10'000, 3, 100e6);
  for (fleet::Device& device : problem.fleet.devices) device.memory = Bytes(0);
  const auto plan = solve_chain(problem.graph, problem.fleet);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->limits, Contains("optimal among contiguous cuts in this order"));
}

}  // namespace
}  // namespace convoy::plan
