#include <gmock/gmock.h>
#include <gtest/gtest.h>


#include "plan/assignment.h"
#include "plan/assignment_loads.h"
#include "plan/evaluate.h"
#include "plan/msr_problem.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::IsEmpty;

Placement random_placement(const CostGraph& graph, std::size_t devices, std::uint64_t seed,
                           ById<NodeId, DeviceId>& device_of) {
  device_of = ById<NodeId, DeviceId>(graph.nodes.size());
  std::uint64_t state = seed * 2862933555777941757ULL + 3037000493ULL;
  for (const NodeId node : graph.nodes.ids()) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    device_of[node] = DeviceId((state >> 33) % devices);
  }
  return stages_of(graph, device_of);
}

TEST(AssignmentTest, StagesHoldWhateverTheAssignment) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Problem problem = random_problem(
        seed, {.nodes = 1 + seed % 20, .devices = 1 + seed % 4, .chain_probability = 0.5});
    ById<NodeId, DeviceId> device_of;
    Plan plan;
    plan.placement = random_placement(problem.graph, problem.fleet.devices.size(), seed, device_of);
    plan.figures = evaluate(problem.graph, problem.fleet, plan.placement);
    EXPECT_THAT(verify(problem.graph, problem.fleet, plan), IsEmpty()) << "seed " << seed;
  }
}

TEST(AssignmentTest, AContiguousAssignmentHasOneStageADevice) {
  ProblemBuilder builder;
  builder.device("a").device("b").links(1);
  // b's second source could run first, but is not worth a stage of its own.
  const ValueId x = builder.node({1, 1}, {builder.input(1)}, 1);
  const ValueId y = builder.node({1, 1}, {builder.input(1)}, 1);
  builder.returns(builder.node({1, 1}, {x, y}, 1));
  const ById<NodeId, DeviceId> device_of = {DeviceId(0), DeviceId(1), DeviceId(1)};
  EXPECT_EQ(stages_of(builder.problem().graph, device_of), placement_of({{0, 0, 1}, {1, 1, 3}}));
}

// Without overhead a stage, what is kept up to date is what the evaluator counts.
TEST(AssignmentLoadsTest, AreWhatTheEvaluatorCounts) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Problem problem = random_problem(
        seed, {.nodes = 2 + seed % 10,
               .devices = 2 + seed % 3,
               .chain_probability = 0.6,
               .contention = contention_of(seed)});
    for (Seconds& overhead : problem.graph.stage_overhead) overhead = Seconds(0);
    problem.fleet.multicast = seed % 2 == 0;
    for (fleet::Device& device : problem.fleet.devices) {
      device.transfer_load = 0.5 * static_cast<double>(seed % 3);
    }
    const Contraction contraction = contract(problem.graph, problem.fleet, PlanForm::any);
    AssignmentLoads loads(problem.graph, problem.fleet, contraction);
    for (std::uint64_t step = 0; step < 20; ++step) {
      for (const UnitId unit : contraction.units.ids()) {
        loads.move(unit,
                   DeviceId((unit.index() * 7 + step * 5 + seed) % problem.fleet.devices.size()));
      }
      const Seconds period =
          evaluate(problem.graph, problem.fleet, stages_of(problem.graph, loads.nodes())).period;
      EXPECT_NEAR(loads.period(), period.count(), 1e-9 * period.count())
          << "seed " << seed << ", step " << step;
    }
  }
}

TEST(SearchTest, PlansHoldAndAreNeverAboveTheContiguousOptimum) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Problem problem =
        random_problem(seed, {.nodes = 2 + seed % 8,
                              .devices = 2 + seed % 2,
                              .chain_probability = 0.6,
                              .tightness = 0.2 * static_cast<double>(seed % 3)});
    const auto contiguous = solve_ideals(problem.graph, problem.fleet);
    const auto plan = solve_search(problem.graph, problem.fleet);
    if (!contiguous) continue;
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty()) << "seed " << seed;
    // Along a few orders only; these graphs are small.
    EXPECT_LE(plan->figures.period, contiguous->figures.period * 1.1) << "seed " << seed;
  }
}

TEST(SearchTest, TheSameSeedGivesTheSamePlan) {
  const Problem problem = random_problem(7, {.nodes = 12, .devices = 3, .chain_probability = 0.5});
  const auto once = solve_search(problem.graph, problem.fleet, {.seed = 5});
  const auto again = solve_search(problem.graph, problem.fleet, {.seed = 5});
  ASSERT_TRUE(once && again);
  EXPECT_EQ(once->placement, again->placement);
}

TEST(SearchTest, StopsWhenAskedWithThePlanItHas) {
  const Problem problem = random_problem(3, {.nodes = 30, .devices = 4, .chain_probability = 0.5});
  int asked = 0;
  const auto plan = solve_auto(problem.graph, problem.fleet, {.stop = [&] { return ++asked > 3; }});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty());
}

// Best known, obtained apart from this project; a hundredth is granted.
struct Published {
  const char* name;
  const char* file;
  double period_ms;
};

class MsrNonContiguous : public testing::TestWithParam<Published> {};

TEST_P(MsrNonContiguous, IsReachedWithinAHundredth) {
  const auto file = published("msr/throughput-inputs") / GetParam().file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no file " << file;
  const auto problem = read_msr(file);
  ASSERT_TRUE(problem) << problem.error().message;
  const auto plan = solve_auto(problem->graph, problem->fleet, {.budget = Seconds(60)});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_LE(plan->figures.period.count() * 1000, GetParam().period_ms * 1.01);
  EXPECT_THAT(verify(problem->graph, problem->fleet, *plan), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, MsrNonContiguous,
    testing::Values(Published{"LayerBert24", "LayerGraphs/bert24_inference.json", 17.715},
                    Published{"LayerGnmt", "LayerGraphs/gnmt_inference.json", 31.687},
                    Published{"LayerGnmtTraining", "LayerGraphs/gnmt_training.json", 88.627},
                    Published{"LayerResnet50", "LayerGraphs/resnet50_inference.json", 33.485},
                    Published{"Bert3", "OperatorGraphs/bert_l-3_inference.json", 21.908},
                    Published{"Bert3Training", "OperatorGraphs/bert_l-3_training.json", 54.207},
                    Published{"Bert6", "OperatorGraphs/bert_l-6_inference.json", 28.332},
                    Published{"Bert12", "OperatorGraphs/bert_l-12_inference.json", 131.874}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace convoy::plan
