// solve_points and solve_memory; what solve_chain says, apart from its optimum.
#include "plan/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/problem_test.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Four nodes of 1 MB weights each in a chain, values of 1 kB, on as many devices as are added.
class SolveTest : public testing::Test {
 protected:
  void add_nodes(const std::vector<double>& seconds, std::size_t count = 4) {
    ValueId last = builder.input(1000);
    for (std::size_t i = 0; i < count; ++i) {
      last = builder.node(seconds, {last}, 1000, {builder.weight(1'000'000)});
    }
    builder.returns(last);
  }
  const CostGraph& graph() { return builder.problem().graph; }
  const fleet::Fleet& fleet() { return builder.problem().fleet; }
  void expect_valid(const Result<Plan>& plan) {
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_THAT(verify(graph(), fleet(), *plan), IsEmpty());
  }
  ProblemBuilder builder;
};

TEST_F(SolveTest, PointsKeepsTheUsersStagesAndExplainsThem) {
  builder.device("a").device("b").device("c").links(1e6);
  add_nodes({1, 2, 1});
  const auto placement = placement_of({{0, 0, 3}, {1, 3, 4}});
  const auto plan = solve_points(graph(), fleet(), placement);
  expect_valid(plan);
  EXPECT_EQ(plan->placement, placement);
  EXPECT_THAT(plan->limits, ElementsAre("the bottleneck: a computes for the whole period of 3.00 s",
                                        "next: b computes for 2.00 s (67 % of the period)"));
  ASSERT_EQ(plan->unused.size(), 1u);
  EXPECT_EQ(plan->unused[0].why, "no partition point names it");
}

TEST_F(SolveTest, PointsRefusesStagesThatDoNotFit) {
  builder.device("a", 3'000'000).device("b", 3'000'000).links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_points(graph(), fleet(), placement_of({{0, 0, 4}}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
  // 4 MB of weights, the input twice, two values live, the output again.
  EXPECT_EQ(plan.error().message,
            "the stages do not fit the memories: a needs 4.01 MB and has 3.00 MB, 1.01 MB too "
            "little; other points would fit: a 2, b 2 nodes in this order have a period of 2.00 s");
  EXPECT_THAT(
      solve_points(graph(), fleet(), placement_of({{0, 0, 4}}), {.explanation = Explanation::none})
          .error()
          .message,
      EndsWith("too little"));

  // The same stages do where they are exchanged: 3 MB and a bit, and 1 MB.
  builder.problem().fleet.devices[DeviceId(1)].memory = Bytes(3'500'000);
  EXPECT_THAT(solve_points(graph(), fleet(), placement_of({{0, 0, 3}, {1, 3, 4}})).error().message,
              EndsWith("; they would fit with what a has on b and what b has on a"));

  // Nothing does.
  for (const std::size_t device : {0, 1}) {
    builder.problem().fleet.devices[DeviceId(device)].memory = Bytes(1'500'000);
  }
  EXPECT_THAT(solve_points(graph(), fleet(), placement_of({{0, 0, 2}, {1, 2, 4}})).error().message,
              HasSubstr("little; the model does not fit: on one device it needs 4.01 MB, the fleet "
                        "has 3.00 MB in all, and no split in the model's order fits its devices; "
                        "it would fit with "));
}

TEST_F(SolveTest, PointsThatFitInNoOtherPairFindAllTheirPlaces) {
  builder.device("a", 1'500'000).device("b", 3'500'000).device("c", 2'500'000).links(1e6);
  add_nodes({1, 1, 1}, 6);
  const auto plan = solve_points(graph(), fleet(), placement_of({{0, 0, 3}, {1, 3, 5}, {2, 5, 6}}));
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, EndsWith("; they would fit with what a has on b and what b has "
                                             "on c and what c has on a"));
}

TEST_F(SolveTest, MemoryMatchesSharesOfTheFleetsMemory) {
  builder.device("small", 10'000'000).device("large", 30'000'000).links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_memory(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->solver, "memory");
  EXPECT_EQ(plan->placement, placement_of({{0, 0, 1}, {1, 1, 4}}));
}

TEST_F(SolveTest, MemoryGivesEqualSharesWhereNothingIsLimited) {
  builder.device("a").device("b").links(1e6);
  add_nodes({1, 5});
  EXPECT_EQ(solve_memory(graph(), fleet())->placement, placement_of({{0, 0, 2}, {1, 2, 4}}));
}

TEST_F(SolveTest, MemoryFillsFurtherRatherThanDropTheTail) {
  // Even shares would leave two nodes to b, which has room for one and its buffers.
  builder.device("a", 4'000'000).device("b", 1'500'000).links(1e6);
  add_nodes({1, 1});
  builder.problem().graph.runtime_memory[DeviceId(0)] = Bytes(500'000);
  const auto plan = solve_memory(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->placement, placement_of({{0, 0, 3}, {1, 3, 4}}));
}

TEST_F(SolveTest, MemoryLeavesOutADeviceWithoutRoom) {
  builder.device("watch", 100).device("laptop").links(1e6);
  add_nodes({1, 1});
  builder.problem().graph.runtime_memory[DeviceId(0)] = Bytes(200);
  const auto plan = solve_memory(graph(), fleet());
  expect_valid(plan);
  ASSERT_EQ(plan->unused.size(), 1u);
  EXPECT_EQ(plan->unused[0].why, "its memory is taken up by its worker alone");
}

TEST_F(SolveTest, MemorySaysWhatIsMissingWhere) {
  builder.device("a", 2'500'000).device("b", 1'500'000).links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_memory(graph(), fleet());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
  EXPECT_THAT(
      plan.error().message,
      StartsWith("the model does not fit: on one device it needs 4.01 MB, the fleet has "
                 "4.00 MB in all, and by shares of the memory the stages do not fit the "
                 "memories: b needs 2.01 MB and has 1.50 MB, 505 kB too little; it would fit "
                 "with 505 kB more on a, or 505 kB more on b, or one more a"));
}

TEST_F(SolveTest, MemoryPlansHoldOnRandomProblems) {
  int feasible = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Problem problem = random_problem(
        seed, {.nodes = 1 + seed % 20, .devices = 1 + seed % 4, .tightness = 0.3 * (seed % 3)});
    const auto plan = solve_memory(problem.graph, problem.fleet);
    if (!plan) continue;
    ++feasible;
    EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty()) << "seed " << seed;
    const auto chain = solve_chain(problem.graph, problem.fleet);
    ASSERT_TRUE(chain);
    EXPECT_LE(chain->figures.period, plan->figures.period * (1 + 1e-9)) << "seed " << seed;
  }
  EXPECT_GT(feasible, 100);
}

TEST_F(SolveTest, RefusesAnEmptyFleetAndAnEmptyModel) {
  EXPECT_EQ(solve_chain(graph(), fleet()).error().message, "the fleet has no devices");
  EXPECT_EQ(solve_memory(graph(), fleet()).error().message, "the fleet has no devices");
  builder.device("a");
  EXPECT_EQ(solve_chain(graph(), fleet()).error().message, "the model has no nodes to place");
  EXPECT_EQ(solve_memory(graph(), fleet()).error().message, "the model has no nodes to place");
}

TEST_F(SolveTest, ChainLeavesOutWhatDoesNotShortenThePeriod) {
  // The first node takes 4 s on either device, the others next to nothing.
  builder.device("a").device("b").links(1e6);
  const ValueId x = builder.input(1000);
  const ValueId y = builder.node({4, 4}, {x}, 1000);
  builder.returns(builder.node({0, 0}, {y}, 1000));
  const auto plan = solve_chain(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->placement.size(), 1u);
  EXPECT_TRUE(plan->proven);
  ASSERT_EQ(plan->unused.size(), 1u);
  EXPECT_EQ(plan->unused[0].why,
            "it would not shorten the period of 4.00 s: a computes for all of it");
}

TEST_F(SolveTest, ChainSaysWhatTheUseOfADeviceWouldCost) {
  builder.device("a").device("b").links(100);  // 1000 bytes take 10 s
  add_nodes({1, 1});
  const auto plan = solve_chain(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->figures.period, Seconds(4));
  ASSERT_EQ(plan->unused.size(), 1u);
  EXPECT_EQ(
      plan->unused[0].why,
      "the best plan that uses it, in the model's order, has a period of 10.0 s instead of 4.00 s");
}

TEST_F(SolveTest, AllSolversSayWhatKeepsADeviceOut) {
  // b is half as fast, c takes longer for a node than a for all, the link of d cannot carry a value
  // in time, and e would only have the memory for less than a node.
  builder.device("a").device("b").device("c").device("d").device("e", 5000).links(1e6);
  add_nodes({1, 8, 9, 2, 1}, 2);
  auto& links = builder.problem().fleet.links;
  for (const DeviceId other : builder.problem().fleet.devices.ids()) {
    links[DeviceId(3)][other].bandwidth = links[other][DeviceId(3)].bandwidth = BytesPerSecond(100);
  }
  const std::vector<std::string> expected = {
      "its lightest stage would take 8.00 s, longer than the period of 2.00 s",
      "its lightest stage would take 9.00 s, longer than the period of 2.00 s",
      "its fastest link takes 10.0 s for the least that any stage there would send or receive "
      "(1.00 "
      "kB), longer than the period of 2.00 s",
      "it has 5.00 kB of memory, and any stage needs at least 1.01 MB"};
  for (const auto& solve : {solve_chain, solve_ideals, solve_search, solve_auto}) {
    const auto plan = solve(graph(), fleet(), {.budget = Seconds(1)});
    expect_valid(plan);
    std::vector<std::string> said;
    for (const Unused& unused : plan->unused) said.push_back(unused.why);
    EXPECT_EQ(said, expected) << plan->solver;
  }
}

TEST_F(SolveTest, ChainSaysWhyTheMemoryOfADeviceIsTooSmall) {
  builder.device("laptop").device("watch", 400'000).device("ring", 1000).links(1e6);
  add_nodes({1, 1, 1});
  builder.problem().graph.runtime_memory[DeviceId(2)] = Bytes(2000);
  const auto plan = solve_chain(graph(), fleet());
  expect_valid(plan);
  ASSERT_EQ(plan->unused.size(), 2u);
  EXPECT_EQ(plan->unused[0].why, "it has 400 kB of memory, and any stage needs at least 1.01 MB");
  EXPECT_EQ(plan->unused[1].why, "it has 1.00 kB of memory, and its worker alone needs 2.00 kB");
}

TEST_F(SolveTest, ChainNamesTheMemoryThatIsNearlyFull) {
  builder.device("a", 2'100'000).device("b", 9'000'000).links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_chain(graph(), fleet());
  expect_valid(plan);
  EXPECT_THAT(plan->limits, Contains("a needs 2.01 MB of its 2.10 MB of memory"));
}

TEST_F(SolveTest, ChainSaysHowMuchMemoryIsMissingAndWhatWouldDo) {
  builder.device("a", 1'600'000).device("b", 1'600'000).links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_chain(graph(), fleet());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
  // Two nodes need 2.005 MB, three 3.005 MB.
  EXPECT_EQ(
      plan.error().message,
      "the model does not fit: on one device it needs 4.01 MB, the fleet has 3.20 MB in all, "
      "and no split in the model's order fits its devices; it would fit with 405 kB more on each "
      "device, or 1.41 MB more on a");
}

TEST_F(SolveTest, ChainGivesEqualDevicesTheSameNodesAsSoonAsItPays) {
  for (int i = 0; i < 12; ++i) builder.device("board " + std::to_string(i));
  builder.links(1e6);
  add_nodes(std::vector<double>(12, 1.0), 48);
  const auto plan = solve_chain(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->placement.size(), 12u);
  EXPECT_EQ(plan->figures.period, Seconds(4));
  EXPECT_TRUE(plan->proven);
}

TEST_F(SolveTest, AutoTakesTheBestAndSaysWhatTheOthersReach) {
  builder.device("small", 3'000'000).device("large").links(1e6);
  add_nodes({1, 1});
  const auto plan = solve_auto(graph(), fleet());
  expect_valid(plan);
  EXPECT_EQ(plan->solver, "chain");
  EXPECT_EQ(plan->figures.period, Seconds(2));
  EXPECT_THAT(plan->limits, Contains("periods compared: chain 2.00 s, memory 2.00 s, large alone "
                                     "4.00 s"));
}

TEST(BoundTest, IsTheSumOverTheSpeedsWhereDevicesDifferByAFactor) {
  ProblemBuilder builder;
  builder.device("a").device("b").links(1);
  ValueId last = builder.input(1);
  for (int i = 0; i < 10; ++i) last = builder.node({1, 4}, {last}, 1);
  // 10 s of work at speeds 1 and 1/4.
  EXPECT_NEAR(period_bound(builder.problem().graph, builder.problem().fleet).count(), 8, 1e-9);
}

TEST(BoundTest, CountsTheOverheadOfEachDeviceThatIsNeeded) {
  ProblemBuilder builder;
  builder.device("a").device("b").links(1);
  ValueId last = builder.input(1);
  for (int i = 0; i < 10; ++i) last = builder.node({1, 4}, {last}, 1);
  // (T - 1) + (T - 4) / 4 = 10.
  builder.problem().graph.stage_overhead = {Seconds(1), Seconds(4)};
  EXPECT_NEAR(period_bound(builder.problem().graph, builder.problem().fleet).count(), 9.6, 1e-9);
  // A stage costs more than it would bring: T - 1 = 10.
  builder.problem().graph.stage_overhead = {Seconds(1), Seconds(20)};
  EXPECT_NEAR(period_bound(builder.problem().graph, builder.problem().fleet).count(), 11, 1e-9);
}

TEST(BoundTest, EndsWhereEachNodeIsFreeSomewhere) {
  ProblemBuilder builder;
  builder.device("a").device("b").links(1);
  const ValueId x = builder.node({0, 1}, {builder.input(1)}, 1);
  builder.node({1, 0}, {x}, 1);
  // On one device or two: a second of computing, or of transfer.
  EXPECT_LE(period_bound(builder.problem().graph, builder.problem().fleet), Seconds(1));
}

TEST(BoundTest, IsTheLargestNodeWhereThatIsMore) {
  ProblemBuilder builder;
  builder.device("a").device("b").links(1);
  const ValueId x = builder.node({7, 9}, {builder.input(1)}, 1);
  builder.node({1, 1}, {x}, 1);
  EXPECT_EQ(period_bound(builder.problem().graph, builder.problem().fleet), Seconds(7));
}

TEST(BoundTest, IsNeverAboveAnyPlacement) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 6, .devices = 3});
    const Seconds bound = period_bound(problem.graph, problem.fleet);
    // Every assignment of nodes to devices, contiguous or not; transfers only add to it.
    for (std::size_t code = 0; code < 729; ++code) {
      ById<DeviceId, Seconds> busy(3, Seconds(0));
      std::size_t digits = code;
      for (const NodeId node : problem.graph.nodes.ids()) {
        const DeviceId device(digits % 3);
        digits /= 3;
        if (busy[device] == Seconds(0)) busy[device] = problem.graph.stage_overhead[device];
        busy[device] += problem.graph.compute[device][node];
      }
      EXPECT_LE(bound, std::ranges::max(busy) * (1 + 1e-12)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace convoy::plan
