#include "plan/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "plan/evaluate.h"
#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Stages whose order respects the graph, each on any device: not only contiguous runs.
Placement random_placement(const Problem& problem, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  const std::size_t stages = 1 + engine() % 4;
  Placement placement(stages);
  for (PlacedStage& stage : placement) {
    stage.device = DeviceId(engine() % problem.fleet.devices.size());
  }
  ById<NodeId, std::size_t> stage_of(problem.graph.nodes.size());
  for (const NodeId node : problem.graph.nodes.ids()) {
    std::size_t first = 0;
    for (const ValueId value : problem.graph.nodes[node].reads) {
      const auto producer = problem.graph.values[value].producer;
      if (producer) first = std::max(first, stage_of[*producer]);
    }
    stage_of[node] = first + engine() % (stages - first);
    placement[stage_of[node]].nodes.push_back(node);
  }
  std::erase_if(placement, [](const PlacedStage& stage) { return stage.nodes.empty(); });
  return placement;
}

TEST(VerifyTest, AgreesWithTheEvaluatorOnRandomPlacements) {
  for (const auto contention :
       {fleet::Contention::link, fleet::Contention::radio, fleet::Contention::medium}) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
      const Problem problem = random_problem(
          seed, {.nodes = 1 + seed % 12, .devices = 1 + seed % 4, .contention = contention});
      Plan plan;
      plan.placement = random_placement(problem, seed);
      plan.figures = evaluate(problem.graph, problem.fleet, plan.placement);
      EXPECT_THAT(verify(problem.graph, problem.fleet, plan), IsEmpty()) << "seed " << seed;
    }
  }
}

class VerifyPlanTest : public testing::Test {
 protected:
  VerifyPlanTest() {
    builder.device("a", 10000).device("b", 10000).links(10);
    const ValueId x = builder.input(8);
    const ValueId y = builder.node({1, 2}, {x}, 20, {builder.weight(300)});
    builder.returns(builder.node({1, 2}, {y}, 30));
    plan.placement = placement_of({{0, 0, 1}, {1, 1, 2}});
    plan.figures = evaluate(builder.problem().graph, builder.problem().fleet, plan.placement);
  }
  // What verify() says once the plan was spoiled.
  std::vector<std::string> after(const std::function<void(Plan&)>& spoil) {
    Plan spoiled = plan;
    spoil(spoiled);
    return verify(builder.problem().graph, builder.problem().fleet, spoiled);
  }

  ProblemBuilder builder;
  Plan plan;
};

TEST_F(VerifyPlanTest, FindsNothingWrongWithARightPlan) {
  EXPECT_THAT(after([](Plan&) {}), IsEmpty());
}

TEST_F(VerifyPlanTest, FindsAMissingARepeatedAndAnUnknownNode) {
  EXPECT_THAT(after([](Plan& p) {
                p.placement.pop_back();
                p.figures.stages.pop_back();
              }),
              ElementsAre("node \"n1\" is in no stage"));
  EXPECT_THAT(after([](Plan& p) { p.placement[1].nodes = {NodeId(0), NodeId(1)}; }),
              ElementsAre("node \"n0\" is in stage 1 and in stage 2"));
  EXPECT_THAT(after([](Plan& p) { p.placement[1].nodes = {NodeId(1), NodeId(7)}; }),
              ElementsAre("stage 2 has node number 7, and the graph has 2"));
  EXPECT_THAT(after([](Plan& p) { p.placement[1].device = DeviceId(5); }),
              ElementsAre("stage 2 is on device number 5, and the fleet has 2"));
}

TEST_F(VerifyPlanTest, FindsStagesOutOfOrder) {
  EXPECT_THAT(after([](Plan& p) { std::swap(p.placement[0], p.placement[1]); }),
              ElementsAre("stage 1 reads \"v1\", which the later stage 2 makes"));
}

TEST_F(VerifyPlanTest, FindsWrongFigures) {
  EXPECT_THAT(after([](Plan& p) { p.figures.period = Seconds(1); }),
              ElementsAre("period is said to be 1 s, but is 2 s"));
  EXPECT_THAT(after([](Plan& p) { p.figures.latency = Seconds(3); }),
              ElementsAre("latency is said to be 3 s, but is 5 s"));
  EXPECT_THAT(after([](Plan& p) { p.figures.stages[0].sent = Bytes(10); }),
              ElementsAre("bytes sent of stage 1 is said to be 10 B, but is 20 B"));
  EXPECT_THAT(after([](Plan& p) { p.figures.memory[DeviceId(0)] = Bytes(1); }),
              ElementsAre("memory of a is said to be 1 B, but is 356 B"));
  EXPECT_THAT(after([](Plan& p) { p.figures.stages[1].inputs.clear(); }),
              ElementsAre("the inputs of stage 2 are not what it reads"));
}

TEST_F(VerifyPlanTest, FindsMemoryBeyondADevicesLimit) {
  builder.problem().fleet.devices[DeviceId(0)].memory = Bytes(355);
  EXPECT_THAT(after([](Plan&) {}), ElementsAre("a needs 356 B of memory and has 355 B"));
}

TEST_F(VerifyPlanTest, FindsAWrongBoundAndAWrongClaimOfProof) {
  EXPECT_THAT(after([](Plan& p) { p.bound = 2.5; }),
              ElementsAre("the bound of 2.5 s is above the 2 s that the plan reaches"));
  EXPECT_THAT(after([](Plan& p) { p.proven = true; }),
              ElementsAre("the plan is called proven, but has no bound"));
  EXPECT_THAT(after([](Plan& p) {
                p.bound = 1;
                p.proven = true;
              }),
              ElementsAre("the plan is called proven, but its bound of 1 s is below its 2 s"));
}

}  // namespace
}  // namespace convoy::plan
