#include "plan/marginal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Le;

const SolveOptions kOptions{.budget = Seconds(100)};

std::vector<std::string> told(const Plan& plan, const std::vector<Marginal>& values) {
  std::vector<std::string> sentences;
  for (const Marginal& value : values) sentences.push_back(to_text(value, plan));
  return sentences;
}

// Two nodes of 4 s on a and 2 s on b; what crosses takes 3 s.
class MarginalTest : public testing::Test {
 protected:
  void add_nodes() {
    const ValueId x = builder.input(10);
    const ValueId y = builder.node({4, 2}, {x}, 300, {builder.weight(1000)});
    builder.returns(builder.node({4, 2}, {y}, 10, {builder.weight(1000)}));
  }
  std::vector<std::string> marginal(const SolveOptions& options = kOptions) {
    const Problem& problem = builder.problem();
    const auto plan = solve_chain(problem.graph, problem.fleet);
    if (!plan) return {plan.error().message};
    const auto values = marginal_values(problem.graph, problem.fleet, *plan, solve_chain, options);
    return told(*plan, values);
  }
  ProblemBuilder builder;
};

TEST_F(MarginalTest, EachChangeIsPlannedAnew) {
  // Both on b take 4 s, as does one each. With another b each has one, and the link sets 3 s; twice
  // as fast it would take 1.5 s, but a its 4 s. Without b all is on a.
  builder.device("a").device("b").links(100);
  add_nodes();
  EXPECT_THAT(marginal(), ElementsAre("one more b: period 3.00 s instead of 4.00 s (25 % less)",
                                      "all links twice as fast: nothing", "one more a: nothing",
                                      "without b: period 8.00 s instead of 4.00 s (100 % more)"));
}

// Either does one of the two nodes in 3 s and the other in 9 s; what crosses takes 5 s.
class LinkTest : public MarginalTest {
 protected:
  LinkTest() {
    builder.device("a").device("b").links(100);
    const ValueId y = builder.node({3, 9}, {builder.input(10)}, 500);
    builder.returns(builder.node({9, 3}, {y}, 10));
  }
};

TEST_F(LinkTest, ALinkThatLimitsIsWorthItsSpeed) {
  EXPECT_THAT(
      marginal(),
      ElementsAre("the link a -> b twice as fast: period 3.00 s instead of 5.00 s (40 % less)",
                  "all links twice as fast: period 3.00 s instead of 5.00 s (40 % less)",
                  "one more a: nothing", "one more b: nothing",
                  "without a: period 12.0 s instead of 5.00 s (140 % more)",
                  "without b: period 12.0 s instead of 5.00 s (140 % more)"));
}

TEST_F(LinkTest, ARadioCountsWithAllItsLinks) {
  builder.problem().fleet.contention = fleet::Contention::radio;
  EXPECT_THAT(marginal(), IsSupersetOf({"all links of a twice as fast: period 3.00 s instead of "
                                        "5.00 s (40 % less)",
                                        "all links of b twice as fast: period 3.00 s instead of "
                                        "5.00 s (40 % less)"}));
}

TEST_F(LinkTest, TheMediumCountsOnce) {
  builder.problem().fleet.contention = fleet::Contention::medium;
  const auto sentences = marginal();
  EXPECT_EQ(sentences.front(),
            "the medium twice as fast: period 3.00 s instead of 5.00 s (40 % less)");
  EXPECT_EQ(sentences.size(), 5u);
}

TEST_F(MarginalTest, MemoryIsWorthTheNodesThatItTakes) {
  // a, five times as fast, has the memory for one of the nodes: 5 s; for both: 2 s.
  builder.device("a", 300'000'000).device("b").links(1e9);
  const ValueId y = builder.node({1, 5}, {builder.input(10)}, 300, {builder.weight(200'000'000)});
  builder.returns(builder.node({1, 5}, {y}, 10, {builder.weight(200'000'000)}));
  EXPECT_THAT(marginal(), IsSupersetOf({"256 MB more memory on a: period 2.00 s instead of 5.00 s "
                                        "(60 % less)",
                                        "one more a: period 1.00 s instead of 5.00 s (80 % less)",
                                        "without b: no plan was found that fits"}));
}

TEST_F(MarginalTest, WhatABoundExcludesIsNotPlanned) {
  // The first node takes 4 s on either device.
  builder.device("a").device("b").links(1e6);
  const ValueId y = builder.node({4, 4}, {builder.input(10)}, 300);
  builder.returns(builder.node({0, 0}, {y}, 10));
  const Problem& problem = builder.problem();
  const auto plan = solve_chain(problem.graph, problem.fleet);
  const auto values = marginal_values(
      problem.graph, problem.fleet, *plan,
      [](const CostGraph&, const fleet::Fleet& fleet, const SolveOptions&) -> Result<Plan> {
        EXPECT_EQ(fleet.devices.size(), 1u);  // only: without the one that is used
        return fail(ErrorKind::failure, "nothing in time");
      },
      kOptions);
  ASSERT_EQ(values.size(),
            2u);  // both devices are of a kind; nothing is said of what was not found
  for (const Marginal& value : values) {
    EXPECT_EQ(value.gain, 0);
    EXPECT_TRUE(value.proven);
  }
}

TEST_F(LinkTest, ThePlanItselfMayGainWhereNoneIsFoundInTime) {
  const Problem& problem = builder.problem();
  const auto plan = solve_chain(problem.graph, problem.fleet);
  const auto nothing = [](const CostGraph&, const fleet::Fleet&,
                          const SolveOptions&) -> Result<Plan> {
    return fail(ErrorKind::failure, "nothing in time");
  };
  EXPECT_THAT(
      told(*plan, marginal_values(problem.graph, problem.fleet, *plan, nothing, kOptions)),
      ElementsAre("the link a -> b twice as fast: period 3.00 s instead of 5.00 s (40 % less)",
                  "all links twice as fast: period 3.00 s instead of 5.00 s (40 % less)",
                  "one more a: nothing", "one more b: nothing"));
}

TEST_F(MarginalTest, ASpentBudgetLeavesOutWhatIsLeft) {
  builder.device("a").device("b").links(100);
  add_nodes();
  EXPECT_THAT(marginal({.budget = Seconds(0)}), IsEmpty());
}

TEST_F(MarginalTest, WhatCannotHurtNeverDoesAndWhatCannotHelpNeverDoes) {
  int gains = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Problem problem =
        random_problem(seed, {.nodes = 2 + seed % 6,
                              .devices = 1 + seed % 3,
                              .tightness = 0.4 * static_cast<double>(seed % 3),
                              .contention = static_cast<fleet::Contention>(seed % 3)});
    const auto plan = solve_chain(problem.graph, problem.fleet);
    if (!plan) continue;
    for (const Marginal& value :
         marginal_values(problem.graph, problem.fleet, *plan, solve_chain, kOptions)) {
      if (value.change == Marginal::Change::without_device) {
        EXPECT_THAT(value.gain, Le(0)) << "seed " << seed << ": " << value.what;
      } else {
        EXPECT_GE(value.gain, 0) << "seed " << seed << ": " << value.what;
        gains += value.gain > kLeastGain;
      }
    }
  }
  EXPECT_THAT(gains, Gt(50));
}

}  // namespace
}  // namespace convoy::plan
