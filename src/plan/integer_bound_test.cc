#include "plan/integer_bound.h"

#include <gtest/gtest.h>

#include <cmath>

#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/msr_problem.h"
#include "plan/problem_test.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

// The least period over every way to give nodes to devices, of those that fit.
double least_period(const Problem& problem) {
  double least = INFINITY;
  for_each_assignment(problem, [&](const ById<NodeId, DeviceId>& device_of) {
    const Figures figures =
        evaluate(problem.graph, problem.fleet, stages_of(problem.graph, device_of));
    if (!shortages(figures, problem.fleet).empty()) return;
    least = std::min(least, figures.period.count());
  });
  return least;
}

TEST(IntegerBoundTest, IsTheOptimumWhereOnlyComputingCounts) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Problem problem = random_problem(
        seed, {.nodes = 2 + seed % 5, .devices = 1 + seed % 3, .chain_probability = 0.5});
    for (auto& row : problem.fleet.links) {
      for (fleet::Link& link : row) link.bandwidth = BytesPerSecond(0);
    }
    for (Seconds& overhead : problem.graph.stage_overhead) overhead = Seconds(0);
    const double least = least_period(problem);
    EXPECT_NEAR(integer_bound(problem.graph, problem.fleet).count(), least, 1e-4 * least)
        << "seed " << seed;
  }
}

TEST(IntegerBoundTest, IsNeverAboveWhatAPlacementReaches) {
  int infeasible = 0;
  for (std::uint64_t seed = 0; seed < 90; ++seed) {
    Problem problem = random_problem(seed, {.nodes = 2 + seed % 5,
                                            .devices = 2 + seed % 2,
                                            .chain_probability = 0.5,
                                            .tightness = 0.5 * static_cast<double>(seed % 3),
                                            .contention = contention_of(seed / 3)});
    const double least = least_period(problem);
    const double bound = integer_bound(problem.graph, problem.fleet).count();
    EXPECT_LE(bound, least * (1 + 1e-6)) << "seed " << seed;
    EXPECT_GT(bound, 0) << "seed " << seed;
    if (std::isinf(bound)) ++infeasible;
  }
  EXPECT_GT(infeasible, 0);
}

// The best that is known of any placement of the published problem.
TEST(IntegerBoundTest, IsBelowAPublishedOptimum) {
  const auto file = published("msr/throughput-inputs") / "LayerGraphs/bert24_inference.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  const auto problem = read_msr(file);
  ASSERT_TRUE(problem) << problem.error().message;
  EXPECT_LE(integer_bound(problem->graph, problem->fleet, Seconds(1)).count(), 17.715e-3);
}

}  // namespace
}  // namespace convoy::plan
