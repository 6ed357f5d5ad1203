#include "plan/replication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/evaluate.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TurnsTest, GoToTheQuickerMoreOften) {
  EXPECT_THAT(fair_turns({Seconds(1)}), ElementsAre(1));
  EXPECT_THAT(fair_turns({Seconds(2), Seconds(2), Seconds(2)}), ElementsAre(1, 1, 1));
  EXPECT_THAT(fair_turns({Seconds(1), Seconds(3)}), ElementsAre(3, 1));
  EXPECT_THAT(fair_turns({Seconds(2), Seconds(3)}), ElementsAre(3, 2));
}

TEST(TurnsTest, AreSpreadOverTheCycle) {
  const DeviceId a(0);
  const DeviceId b(1);
  const PlacedStage stage{.device = a, .nodes = {}, .turns = 3, .replicas = {{b, 2}}};
  EXPECT_THAT(cycle_of(stage), ElementsAre(a, b, a, b, a));
  EXPECT_THAT(cycle_of({.device = b, .nodes = {}}), ElementsAre(b));
}

// a: 1 s, b: 6 s wherever; three equal devices, 10 B/s, 5 B between a and b.
class ReplicatedTest : public testing::Test {
 protected:
  ReplicatedTest() {
    builder.device("x").device("y").device("z").links(10, 0.25);
    const ValueId a = builder.node({1, 1, 1}, {builder.input(1)}, 5, {builder.weight(100)});
    builder.returns(builder.node({6, 6, 6}, {a}, 1, {builder.weight(200)}));
  }
  Plan plan_of(Placement placement) {
    Plan plan;
    plan.figures = evaluate(builder.problem().graph, builder.problem().fleet, placement);
    plan.placement = std::move(placement);
    return plan;
  }
  std::vector<std::string> wrong_with(const Plan& plan) {
    return verify(builder.problem().graph, builder.problem().fleet, plan);
  }
  // a on x; b in turn on y and z.
  Placement replicated{{.device = DeviceId(0), .nodes = {NodeId(0)}},
                       {.device = DeviceId(1),
                        .nodes = {NodeId(1)},
                        .turns = 2,
                        .replicas = {{.device = DeviceId(2), .turns = 1}}}};
  ProblemBuilder builder;
};

TEST_F(ReplicatedTest, EachDeviceTakesItsTurns) {
  const Plan plan = plan_of(replicated);
  EXPECT_NEAR(plan.figures.busy[DeviceId(0)].count(), 1, 1e-12);
  EXPECT_NEAR(plan.figures.busy[DeviceId(1)].count(), 4, 1e-12);
  EXPECT_NEAR(plan.figures.busy[DeviceId(2)].count(), 2, 1e-12);
  EXPECT_NEAR(plan.figures.period.count(), 4, 1e-12);
  EXPECT_NEAR(plan.figures.latency.count(), 1 + 0.5 + 0.25 + 6, 1e-12);
  EXPECT_EQ(plan.figures.stages[0].sent, Bytes(5));
  EXPECT_NEAR(plan.figures.stages[0].send.count(), 0.5, 1e-12);
  // Weights, activations and buffers of b on both: 200 + (5 + 1 + 5 + 1).
  EXPECT_EQ(plan.figures.memory[DeviceId(1)], Bytes(212));
  EXPECT_EQ(plan.figures.memory[DeviceId(2)], Bytes(212));
  EXPECT_THAT(wrong_with(plan), IsEmpty());
}

TEST_F(ReplicatedTest, LinksCarryWhatCanMeetOnThem) {
  builder.links(0.5);  // 10 s for a value
  EXPECT_NEAR(plan_of(replicated).figures.period.count(), 10 * 2 / 3.0, 1e-12);
  builder.problem().fleet.contention = fleet::Contention::radio;
  EXPECT_NEAR(plan_of(replicated).figures.period.count(), 10, 1e-12);  // the sender's
  EXPECT_THAT(wrong_with(plan_of(replicated)), IsEmpty());
}

TEST_F(ReplicatedTest, IsRefusedWhereADeviceHasAnotherStage) {
  replicated[1].replicas[0].device = DeviceId(0);
  const auto wrong = wrong_with(plan_of(replicated));
  ASSERT_FALSE(wrong.empty());
  EXPECT_THAT(wrong.front(), HasSubstr("has replicas of stage 2 and runs stage 1, too"));
}

// Without replicas 6 s; the whole model three times: 7 / 3 s.
TEST_F(ReplicatedTest, AutoReplicatesWhereAllowed) {
  const auto& [graph, fleet] = builder.problem();
  EXPECT_NEAR(solve_auto(graph, fleet)->figures.period.count(), 6, 1e-12);
  const auto plan = solve_auto(graph, fleet, {.replicas = Replicas::allowed});
  ASSERT_TRUE(plan);
  EXPECT_NEAR(plan->figures.period.count(), 7 / 3.0, 1e-9);
  EXPECT_TRUE(plan->proven);
  EXPECT_THAT(wrong_with(*plan), IsEmpty());
}

// The whole does not fit anywhere.
TEST_F(ReplicatedTest, AutoReplicatesASlowStageOnly) {
  auto& [graph, fleet] = builder.problem();
  for (fleet::Device& device : fleet.devices) device.memory = Bytes(250);
  const auto plan = solve_search(graph, fleet, {.replicas = Replicas::allowed});
  ASSERT_TRUE(plan);
  EXPECT_NEAR(plan->figures.period.count(), 3, 1e-9);
  EXPECT_EQ(plan->placement.back().replicas.size(), 1U);
}

TEST(ReplicationTest, PlansHoldAndAreNoWorse) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 2 + seed % 8,
                                                  .devices = 2 + seed % 3,
                                                  .chain_probability = 0.5,
                                                  .tightness = 0.2 * static_cast<double>(seed % 4),
                                                  .contention = contention_of(seed)});
    const auto without = solve_ideals(problem.graph, problem.fleet);
    if (!without) continue;
    Incumbent best(problem.graph, problem.fleet);
    best.offer(without->placement);
    replicate(problem.graph, problem.fleet, best, [] { return false; });
    Plan plan;
    plan.placement = *best.placement();
    plan.figures = best.figures();
    EXPECT_THAT(verify(problem.graph, problem.fleet, plan), IsEmpty()) << "seed " << seed;
    EXPECT_LE(plan.figures.period, without->figures.period);
  }
}

}  // namespace
}  // namespace convoy::plan
