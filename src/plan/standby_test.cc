#include "plan/standby.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "plan/evaluate.h"
#include "plan/holdings.h"
#include "plan/least_moves.h"
#include "plan/problem_test.h"
#include "plan/assignment.h"
#include "plan/reduced.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const DeviceId a(0), b(1), c(2);
const StandbyOptions kQuick{.solve = {.budget = Seconds(0.15)}};

// A chain of six nodes of 1 s and 1000 bytes of weights on three equal devices, a third each.
class ChainOfSix : public testing::Test {
 protected:
  ChainOfSix() {
    builder.device("a").device("b").device("c").links(100);
    ValueId value = builder.input(0);
    for (int i = 0; i < 6; ++i) value = builder.node({1, 1, 1}, {value}, 1, {builder.weight(1000)});
    builder.returns(value);
  }
  StandbyPlans plans(const StandbyOptions& options = kQuick) {
    return standby_plans(builder.problem().graph, builder.problem().fleet, thirds, options);
  }
  void limit_memory(DeviceId device, std::int64_t bytes) {
    builder.problem().fleet.devices[device].memory = Bytes(bytes);
  }

  ProblemBuilder builder;
  const Placement thirds = placement_of({{0, 0, 2}, {1, 2, 4}, {2, 4, 6}});
};

TEST_F(ChainOfSix, TheNeighboursTakeOverWhatIsNearestToTheirs) {
  const StandbyPlans found = plans();
  ASSERT_THAT(found.losses, SizeIs(3));
  const Standby& of_b = found.losses[1];
  EXPECT_EQ(of_b.lost, b);
  ASSERT_TRUE(of_b.plan);
  EXPECT_EQ(of_b.plan->placement, placement_of({{0, 0, 3}, {2, 3, 6}}));
  EXPECT_EQ(of_b.plan->figures.period, Seconds(3));
  EXPECT_EQ(of_b.plan->move.bytes, Bytes(2000));  // one node for each
  EXPECT_EQ(of_b.plan->move.time, Seconds(10));   // both at once, 1000 bytes at 100 a second
  // Without a: b and c take three each; b moves n0 and n1, or, in the other order, more.
  EXPECT_EQ(found.losses[0].plan->move.bytes, Bytes(3000));
}

TEST_F(ChainOfSix, ASharedMediumCarriesOneAfterTheOther) {
  builder.problem().fleet.contention = fleet::Contention::medium;
  EXPECT_EQ(plans().losses[1].plan->move.time, Seconds(20));
}

TEST_F(ChainOfSix, WithSlackNothingButWhatIsLostMoves) {
  // 4 s instead of 3 are within a third, and move no fewer: two nodes are lost either way.
  const StandbyPlans found = plans({.solve = {.budget = Seconds(0.2)}, .slack = 0.34});
  for (const Standby& standby : found.losses) {
    EXPECT_EQ(standby.plan->move.bytes, Bytes(2000));
  }
}

TEST_F(ChainOfSix, WhatIsStoredInAdvanceNeedNotMove) {
  const StandbyPlans found = plans();
  for (const Standby& standby : found.losses) {
    EXPECT_EQ(standby.plan->move_stored.bytes, Bytes(0));
    EXPECT_EQ(standby.plan->move_stored.time, Seconds(0));
  }
  EXPECT_EQ(found.moving_stored, Seconds(0));
}

TEST_F(ChainOfSix, WhatMostPlansNeedIsStoredFirst) {
  // Two nodes' weights, a value's bytes four times, and one more weight.
  limit_memory(b, 3010);
  const StandbyPlans found = plans();
  const auto of_b = std::ranges::find(found.store, b, &StoredWeights::device);
  ASSERT_NE(of_b, found.store.end());
  EXPECT_EQ(of_b->bytes, Bytes(1000));
  EXPECT_LT(found.moving_stored, found.moving);
  EXPECT_LE(found.moving_bound, found.moving_stored);
}

TEST_F(ChainOfSix, AHomeHasTheModelAndIsMissed) {
  const StandbyPlans found = plans({.solve = {.budget = Seconds(0.2)}, .home = a});
  ASSERT_TRUE(found.losses[0].plan);
  EXPECT_EQ(found.losses[0].plan->move.time, std::nullopt);
  EXPECT_EQ(found.losses[0].plan->move_stored.time, Seconds(0));
  // The loss of b: c needs one node, and a has its own.
  EXPECT_EQ(found.losses[1].plan->move.bytes, Bytes(1000));
  EXPECT_FALSE(std::ranges::contains(found.store, a, &StoredWeights::device));
}

TEST_F(ChainOfSix, SaysWhatIsMissingWhereNoPlanFits) {
  for (const DeviceId device : {a, b, c}) limit_memory(device, 2100);
  const StandbyPlans found = plans();
  for (const Standby& standby : found.losses) {
    ASSERT_FALSE(standby.plan);
    EXPECT_EQ(standby.plan.error().kind, ErrorKind::infeasible);
    EXPECT_THAT(standby.plan.error().message,
                HasSubstr("the model does not fit: on one device it needs 6.01 kB"));
  }
  EXPECT_THAT(found.store, IsEmpty());
}

TEST(Standby, ADeviceThatIsAloneHasNone) {
  Problem problem = random_problem(1, {.nodes = 3, .devices = 1});
  const auto found =
      standby_plans(problem.graph, problem.fleet, alone_on(problem.graph, a), kQuick);
  ASSERT_THAT(found.losses, SizeIs(1));
  EXPECT_EQ(found.losses[0].plan.error().message, "no other device is there");
}

// All contiguous placements in the graph's order on some devices, each at most once.
void for_each_contiguous(std::size_t nodes, std::vector<std::size_t> devices,
                         const std::function<void(const Placement&)>& look) {
  const std::function<void(std::size_t, std::vector<Stretch>)> go_on =
      [&](std::size_t from, std::vector<Stretch> runs) {
        if (from == nodes) return look(placement_of(runs));
        for (const std::size_t device : devices) {
          if (std::ranges::contains(runs, device, &Stretch::device)) continue;
          for (std::size_t to = from + 1; to <= nodes; ++to) {
            auto more = runs;
            more.push_back({device, from, to});
            go_on(to, more);
          }
        }
      };
  go_on(0, {});
}

TEST(ContiguousWithLeastMoves, AgreesWithBruteForce) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 7, .skip_probability = 0});
    const auto& [graph, fleet] = problem;
    const Holdings held = weights_of(graph, placement_of({{0, 0, 2}, {1, 2, 4}, {2, 4, 7}}), 3);
    const Seconds limit(20 + static_cast<double>(seed % 5) * 8);
    // Each node's weights on their own, as it counts them.
    const auto moved_for = [&](const Placement& placement) {
      Bytes moved{0};
      for (const PlacedStage& stage : placement) {
        for (const NodeId node : stage.nodes) {
          for (const WeightId weight : graph.nodes[node].weights) {
            if (!std::ranges::contains(held[stage.device], weight)) moved += graph.weights[weight];
          }
        }
      }
      return moved;
    };
    for (const bool any_order : {true, false}) {
      std::optional<Bytes> fewest;
      for_each_contiguous(7, {0, 2}, [&](const Placement& placement) {
        if (!any_order && placement.size() == 2 && placement[0].device == c) return;
        for (const StageFigures& stage : evaluate(graph, fleet, placement).stages) {
          if (stage.compute > limit) return;
        }
        if (!fewest || moved_for(placement) < *fewest) fewest = moved_for(placement);
      });
      const auto placement = contiguous_with_least_moves(graph, fleet, {a, c}, held,
                                                         {.most_compute = limit,
                                                          .most_transfer = Seconds(1e9),
                                                          .most_steps = any_order ? 1e6 : 100});
      ASSERT_EQ(placement.has_value(), fewest.has_value()) << seed;
      if (!placement) continue;
      EXPECT_EQ(moved_for(*placement), *fewest) << seed;
      ++found;
    }
  }
  EXPECT_GT(found, 50);
}

TEST(Standby, IsWithinTheSlackAndMostlyMovesAsLittleAsAnyContiguousPlan) {
  int more = 0;
  int losses = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 8, .tightness = 0.4});
    const auto& [graph, fleet] = problem;
    const Placement in_force = placement_of({{0, 0, 3}, {1, 3, 5}, {2, 5, 8}});
    if (!shortages(evaluate(graph, fleet, in_force), fleet).empty()) continue;
    const Holdings held = weights_of(graph, in_force, 3);
    const StandbyPlans found = standby_plans(graph, fleet, in_force, kQuick);
    EXPECT_LE(found.moving_bound, found.moving_stored * (1 + 1e-9)) << seed;
    EXPECT_LE(found.moving_stored, found.moving * (1 + 1e-9)) << seed;
    for (const Standby& standby : found.losses) {
      std::vector<std::size_t> left;
      for (const std::size_t device : {0, 1, 2}) {
        if (DeviceId(device) != standby.lost) left.push_back(device);
      }
      ById<DeviceId, bool> present(3, true);
      present[standby.lost] = false;
      const Reduced rest = reduced(graph, fleet, present);
      const auto best =
          solve_auto(rest.problem.graph, rest.problem.fleet, {.budget = Seconds(0.05)});
      Seconds shortest = best ? best->figures.period : Seconds(1e300);
      Bytes fewest{1'000'000'000};
      for (const bool counts : {false, true}) {
        for_each_contiguous(8, left, [&](const Placement& placement) {
          const Figures figures = evaluate(graph, fleet, placement);
          if (!shortages(figures, fleet).empty()) return;
          if (!counts) {
            shortest = std::min(shortest, figures.period);
          } else if (figures.period <= shortest * 1.05) {
            Bytes bytes{0};
            for (const Bytes one : missing(graph, weights_of(graph, placement, 3), held))
              bytes += one;
            fewest = std::min(fewest, bytes);
          }
        });
      }
      if (shortest == Seconds(1e300)) continue;
      ASSERT_TRUE(standby.plan) << seed;
      EXPECT_LE(standby.plan->figures.period, shortest * 1.05 * (1 + 1e-9)) << seed;
      Plan plan;
      plan.placement = standby.plan->placement;
      plan.figures = standby.plan->figures;
      EXPECT_THAT(verify(graph, fleet, plan), IsEmpty()) << seed;
      EXPECT_FALSE(std::ranges::contains(plan.placement, standby.lost, &PlacedStage::device));
      ++losses;
      more += standby.plan->move.bytes > fewest;
    }
  }
  EXPECT_GT(losses, 30);
  EXPECT_LE(more, losses / 20);
}

}  // namespace
}  // namespace convoy::plan
