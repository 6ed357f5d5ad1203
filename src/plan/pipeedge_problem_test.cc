#include "plan/pipeedge_problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::EndsWith;
using testing::IsEmpty;

Result<Problem> read(const std::string& model, std::size_t boards_of_each) {
  return read_pipeedge(
      published("pipeedge/models.yml"), published("pipeedge/device_types.yml"), model,
      {{"Minnowboard-E3845", boards_of_each}, {"RCC-VE-C2000", boards_of_each}});
}

struct Published {
  const char* name;
  const char* model;
  std::size_t boards_of_each;
  double period_s;  // obtained apart from this project by two exact methods
};

class PipeEdgeOptimum : public testing::TestWithParam<Published> {};

TEST_P(PipeEdgeOptimum, IsFoundByTheChainSolver) {
  const auto folder = published("pipeedge");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no folder " << folder;
  const auto& [name, model, boards, period_s] = GetParam();
  const auto problem = read(model, boards);
  ASSERT_TRUE(problem) << problem.error().message;
  const auto plan = solve_chain(problem->graph, problem->fleet);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NEAR(plan->figures.period.count(), period_s, 1e-6);
  EXPECT_THAT(verify(problem->graph, problem->fleet, *plan), IsEmpty());
}

constexpr const char* kBase = "google/vit-base-patch16-224";
constexpr const char* kLarge = "google/vit-large-patch16-224";
INSTANTIATE_TEST_SUITE_P(All, PipeEdgeOptimum,
                         testing::Values(Published{"Base1", kBase, 1, 5.843967},
                                         Published{"Base2", kBase, 2, 2.936569},
                                         Published{"Base4", kBase, 4, 1.548760},
                                         Published{"Base12", kBase, 12, 0.543219},
                                         Published{"Large1", kLarge, 1, 19.908543},
                                         Published{"Large2", kLarge, 2, 9.962454},
                                         Published{"Large4", kLarge, 4, 5.042833},
                                         Published{"Large12", kLarge, 12, 1.847279}),
                         [](const auto& info) { return info.param.name; });

TEST(PipeEdgeProblemTest, SaysWhatAFileLacks) {
  const auto folder = published("pipeedge");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no folder " << folder;
  const auto problem = read("google/vit-base-patch16-244", 1);
  ASSERT_FALSE(problem);
  EXPECT_THAT(problem.error().message,
              EndsWith("models.yml:1: has no model \"google/vit-base-patch16-244\"; did you mean "
                       "\"google/vit-base-patch16-224\"?"));
  EXPECT_FALSE(read_pipeedge("none.yml", "none.yml", "x", {}));
}

}  // namespace
}  // namespace convoy::plan
