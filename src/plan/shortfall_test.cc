#include "plan/shortfall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "plan/another_device.h"
#include "plan/chain_optimum.h"
#include "plan/order_search.h"
#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using testing::HasSubstr;
using testing::Not;

const auto kNever = [] { return false; };

// Three nodes of 100, 200 and 300 bytes of weights in a chain, values of 10 bytes: a stage needs
// its weights, its input and its output twice, and what is live between.
class ShortfallTest : public testing::Test {
 protected:
  void add_nodes() {
    ValueId last = builder.input(10);
    for (const int bytes : {100, 200, 300}) {
      last = builder.node(std::vector<double>(fleet().devices.size(), 1.0), {last}, 10,
                          {builder.weight(bytes)});
    }
    builder.returns(last);
  }
  const CostGraph& graph() { return builder.problem().graph; }
  const fleet::Fleet& fleet() { return builder.problem().fleet; }
  ProblemBuilder builder;
};

TEST_F(ShortfallTest, NamesTheLeastThatEachDeviceLacks) {
  // All three need 650: input twice, weights, two live values, the output again. The last one alone
  // needs 340, the first two 350, the first alone 140, the last two 550.
  builder.device("a", 300).device("b", 335).links(0);
  add_nodes();
  const Shortfall missing = shortfall(graph(), fleet(), chain_fit, kNever);
  EXPECT_EQ(missing.whole, Bytes(650));
  EXPECT_EQ(missing.available, Bytes(635));
  EXPECT_TRUE(missing.is_least);
  std::map<std::string, std::int64_t> more;
  for (const MoreMemory& of : missing.memory) {
    more[of.device ? fleet().devices[*of.device].name : "each"] = of.more.value();
  }
  // One of them: 550 for the last two. Each: a 340 for the last, b 350 for the others.
  EXPECT_EQ(more["each"], 40);
  EXPECT_EQ(more["b"], 550 - 335);
  EXPECT_EQ(more["a"], 550 - 300);
  EXPECT_TRUE(missing.another.empty());  // the last node fits neither
}

TEST_F(ShortfallTest, OneMoreOfADeviceMayDo) {
  builder.device("a", 340).links(0);
  add_nodes();
  EXPECT_EQ(shortfall(graph(), fleet(), chain_fit, kNever).another.size(), 0u);
  builder.problem().fleet.devices[DeviceId(0)].memory = Bytes(350);
  const Shortfall missing = shortfall(graph(), fleet(), chain_fit, kNever);
  EXPECT_EQ(missing.another, std::vector{DeviceId(0)});
  ASSERT_EQ(missing.memory.size(), 1u);
  EXPECT_EQ(missing.memory[0].more, Bytes(300));
}

TEST_F(ShortfallTest, SaysItInASentenceThatAdmitsWhatIsNotProven) {
  builder.device("phone", 300).device("laptop", 335).links(0);
  add_nodes();
  const auto maybe = [](const CostGraph& graph, const fleet::Fleet& fleet) {
    return chain_fit(graph, fleet) == Fit::found ? Fit::found : Fit::unknown;
  };
  const auto error = does_not_fit(graph(), fleet(), "nothing fits", maybe, {});
  EXPECT_EQ(error.error().kind, ErrorKind::infeasible);
  EXPECT_EQ(
      error.error().message,
      "the model does not fit: on one device it needs 650 B, the fleet has 635 B in all, and "
      "nothing fits; it would fit with 40 B more on each device, or 215 B more on laptop, or 250 "
      "B more on phone (enough; less may do)");
  EXPECT_THAT(does_not_fit(graph(), fleet(), "nothing fits", chain_fit, {}).error().message,
              Not(HasSubstr("enough")));
  EXPECT_EQ(
      does_not_fit(graph(), fleet(), "nothing fits", chain_fit, {.explanation = Explanation::none})
          .error()
          .message,
      "nothing fits");
}

TEST_F(ShortfallTest, WhereItIsStoppedItNamesWhatIsEnough) {
  builder.device("a", 300).device("b", 335).links(0);
  add_nodes();
  const Shortfall missing = shortfall(graph(), fleet(), chain_fit, [] { return true; });
  EXPECT_FALSE(missing.is_least);
  ASSERT_EQ(missing.memory.size(), 3u);
  EXPECT_EQ(missing.memory[0].more, Bytes(650 - 335));
}

// What is named makes the same solver succeed.
TEST_F(ShortfallTest, EachSolverSucceedsWithWhatItAskedFor) {
  using Solve = Result<Plan> (*)(const CostGraph&, const fleet::Fleet&, const SolveOptions&);
  const std::vector<std::pair<Solve, FitSearch>> solvers = {{solve_chain, chain_fit},
                                                            {solve_ideals, order_fit(1)},
                                                            {solve_search, order_fit(1)},
                                                            {solve_auto, chain_fit}};
  int infeasible = 0;
  // By the number of questions, not by time: slow machines see the same.
  const auto solved = [](Solve solve, const CostGraph& graph, const fleet::Fleet& fleet) {
    int asked = 0;
    return solve(graph, fleet,
                 {.stop = [&] { return ++asked > 1000; }, .explanation = Explanation::none});
  };
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 2 + seed % 6,
                                                  .devices = 1 + seed % 3,
                                                  .chain_probability = 0.8,
                                                  .tightness = 1.5});
    if (solve_chain(problem.graph, problem.fleet, {.explanation = Explanation::none})) continue;
    ++infeasible;
    for (std::size_t i = 0; i < solvers.size(); ++i) {
      if (i >= 2 && infeasible > 2) break;  // they search on after they have found a plan
      const auto& [solve, fit] = solvers[i];
      const Shortfall missing = shortfall(problem.graph, problem.fleet, fit, kNever);
      EXPECT_FALSE(missing.memory.empty());
      for (const MoreMemory& more : missing.memory) {
        fleet::Fleet fleet = problem.fleet;
        for (const DeviceId device : fleet.devices.ids()) {
          if (!more.device || *more.device == device) fleet.devices[device].memory += more.more;
        }
        const auto plan = solved(solve, problem.graph, fleet);
        EXPECT_TRUE(plan) << "seed " << seed << ", solver " << i << ": " << plan.error().message;
      }
      for (const DeviceId device : missing.another) {
        const Problem changed = with_another(problem.graph, problem.fleet, device);
        const auto plan = solved(solve, changed.graph, changed.fleet);
        EXPECT_TRUE(plan) << "seed " << seed << ", solver " << i << ": " << plan.error().message;
      }
    }
  }
  EXPECT_GT(infeasible, 15);
}

// solve_memory says it itself, as its search is its own.
TEST_F(ShortfallTest, MemorySharesSucceedWithWhatTheyAskFor) {
  builder.device("a", 300).device("b", 335).links(0);
  add_nodes();
  const auto plan = solve_memory(graph(), fleet());
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("215 B more on b"));
  builder.problem().fleet.devices[DeviceId(1)].memory = Bytes(550);
  EXPECT_TRUE(solve_memory(graph(), fleet()));
}

}  // namespace
}  // namespace convoy::plan
