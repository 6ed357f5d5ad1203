#include "plan/outlook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/evaluate.h"
#include "plan/problem_test.h"
#include "plan/assignment.h"
#include "plan/reduced.h"
#include "plan/stage_graph.h"

namespace convoy::plan {
namespace {

using fleet::FleetInterval;
using testing::ElementsAre;

const DeviceId a(0), b(1);

// Two nodes of 1 s on either device, weights of 100 and 300 bytes; 10 bytes cross between them. On
// a link of 10 bytes a second.
Problem two_nodes(std::int64_t memory = 0) {
  ProblemBuilder builder;
  builder.device("a", memory).device("b", memory).links(10, 0.5);
  const WeightId light = builder.weight(100);
  const WeightId heavy = builder.weight(300);
  const ValueId middle = builder.node({1, 1}, {builder.input(0)}, 10, {light});
  builder.returns(builder.node({1, 1}, {middle}, 0, {heavy}));
  return builder.problem();
}

FleetInterval interval(const Problem& problem, double duration_s, double bytes_per_second) {
  FleetInterval result{.duration = Seconds(duration_s),
                       .fleet = problem.fleet,
                       .present = ById<DeviceId, bool>(problem.fleet.devices.size(), true)};
  const BytesPerSecond rate =
      bytes_per_second > 0 ? BytesPerSecond(bytes_per_second) : fleet::kBlackOut;
  result.fleet.links[a][b].bandwidth = rate;
  result.fleet.links[b][a].bandwidth = rate;
  return result;
}

const PlanId split(0), alone(1);  // both devices; b alone

ById<PlanId, Placement> split_and_alone(const Problem& problem) {
  return {placement_of({{0, 0, 1}, {1, 1, 2}}), alone_on(problem.graph, b)};
}

TEST(Outlook, APlanServesAtItsPeriodAndNothingOverADeadLink) {
  const Problem problem = two_nodes();
  const Outlook outlook(
      problem.graph, {interval(problem, 6, 10), interval(problem, 4, 0), interval(problem, 4, 5)},
      split_and_alone(problem), {.step = Seconds(3)});
  ASSERT_EQ(outlook.intervals(), 6u);  // 3, 3, 2, 2, 2, 2 seconds
  EXPECT_EQ(outlook.rate(0, split), 1);
  EXPECT_EQ(outlook.rate(2, split), 0);
  EXPECT_EQ(outlook.rate(4, split), 0.5);  // the link takes 2 s
  EXPECT_EQ(outlook.rate(2, alone), 0.5);
  EXPECT_EQ(outlook.latency(0, split), Seconds(3.5));
  EXPECT_DOUBLE_EQ(outlook.served(split, Seconds(1), Seconds(13)), 5 + 1.5);
}

TEST(Outlook, AnAbsentDeviceServesNothingAndGetsNothing) {
  const Problem problem = two_nodes();
  FleetInterval without_b = interval(problem, 5, 0);
  without_b.present[b] = false;
  const Outlook outlook(problem.graph, {without_b, interval(problem, 50, 10)},
                        split_and_alone(problem), {});
  EXPECT_EQ(outlook.rate(0, alone), 0);
  const Move move = outlook.move(outlook.deployed(split), alone);
  EXPECT_EQ(outlook.ready(0, move, alone), Seconds(5 + 10 + 2));
  EXPECT_EQ(outlook.standstill(0, move, alone), std::nullopt);
  EXPECT_EQ(outlook.standstill(1, move, alone), Seconds(10 + 2));
}

TEST(Outlook, OnlyMissingWeightsMoveAtTheRatesOfTheirTime) {
  const Problem problem = two_nodes();
  const Outlook outlook(
      problem.graph, {interval(problem, 4, 10), interval(problem, 7, 0), interval(problem, 20, 5)},
      split_and_alone(problem), {.step = Seconds(100)});
  const Move move = outlook.move(outlook.deployed(split), alone);
  EXPECT_EQ(move.bytes[b], Bytes(100));
  // 40 bytes by 4 s, nothing until 11 s, 60 bytes by 23 s; then a latency of 2 s.
  EXPECT_EQ(outlook.ready(0, move, alone), Seconds(25));
  const Move back = outlook.move(move.held, split);
  EXPECT_EQ(back.bytes, (ById<DeviceId, Bytes>(2)));  // a still has what it had
}

TEST(Outlook, HomeNeedsNoWeightsAndOthersGetThemFromIt) {
  const Problem problem = two_nodes();
  FleetInterval one_way = interval(problem, 20, 10);
  one_way.fleet.links[a][b].bandwidth = BytesPerSecond(20);
  const auto plans = split_and_alone(problem);
  const Outlook at_b(problem.graph, {one_way}, plans, {.home = b, .step = Seconds(100)});
  EXPECT_EQ(at_b.ready(0, at_b.move(at_b.deployed(split), alone), alone), Seconds(2));
  const Outlook at_a(problem.graph, {one_way}, plans, {.home = a, .step = Seconds(100)});
  EXPECT_EQ(at_a.ready(0, at_a.move(at_a.deployed(split), alone), alone), Seconds(5 + 2));
}

TEST(Outlook, ADeviceDropsWhatHasNoRoomBesideThePlan) {
  const ById<PlanId, Placement> plans = {placement_of({{0, 0, 1}, {1, 1, 2}}),
                                         placement_of({{1, 0, 1}, {0, 1, 2}})};
  for (const std::int64_t memory : {419, 420}) {
    const Problem problem = two_nodes(memory);  // 320 bytes with the heavy node, 120 with the light
    const Outlook outlook(problem.graph, {interval(problem, 20, 10)}, plans,
                          {.step = Seconds(100)});
    const Move swapped = outlook.move(outlook.deployed(PlanId(0)), PlanId(1));
    EXPECT_THAT(swapped.bytes, ElementsAre(Bytes(300), Bytes(100)));
    const Move back = outlook.move(swapped.held, PlanId(0));
    const std::int64_t light = memory >= 420 ? 0 : 100;
    EXPECT_EQ(back.bytes[a], Bytes(light)) << memory;
    EXPECT_EQ(outlook.keeps_all(), memory >= 420) << memory;
  }
}

TEST(Outlook, APlanOverADeadLinkFillsOnceTheLinkIsBack) {
  const Problem problem = two_nodes();
  const Outlook outlook(problem.graph, {interval(problem, 5, 0), interval(problem, 20, 10)},
                        split_and_alone(problem),
                        {.advance = Advance::everything, .setup = Seconds(1)});
  const Move back = outlook.move(outlook.deployed(alone), split);
  EXPECT_EQ(back.bytes, (ById<DeviceId, Bytes>(2)));
  EXPECT_EQ(outlook.ready(0, back, split), Seconds(5 + 3.5));
  EXPECT_EQ(outlook.ready(1, back, split), Seconds(5 + 1 + 3.5));
  EXPECT_EQ(outlook.standstill(1, back, split), Seconds(1 + 3.5));
}

TEST(StageGraph, CostsWhatThePlacementCosts) {
  using fleet::Contention;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (const Contention contention : {Contention::link, Contention::radio, Contention::medium}) {
      const Problem problem = random_problem(seed, {.nodes = 7, .contention = contention});
      const Placement placement = placement_of({{0, 0, 2}, {1, 2, 4}, {0, 4, 5}, {2, 5, 7}});
      const Figures whole = evaluate(problem.graph, problem.fleet, placement);
      const StageGraph small = stage_graph(problem.graph, placement);
      const Figures figures = evaluate(small.graph, problem.fleet, small.placement);
      EXPECT_NEAR(figures.period / whole.period, 1, 1e-12) << seed;
      EXPECT_NEAR(figures.latency / whole.latency, 1, 1e-12) << seed;
    }
  }
}

}  // namespace
}  // namespace convoy::plan
