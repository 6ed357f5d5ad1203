#include "plan/standby_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plan/evaluate.h"
#include "plan/plan_file.h"
#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// Two nodes on devices a and b, of which only b has the memory for both.
class StandbyFile : public testing::Test {
 protected:
  StandbyFile() {
    builder.device("a", 1100).device("b").links(100);
    const ValueId middle = builder.node({1, 1}, {builder.input(0)}, 1, {builder.weight(1000)});
    builder.returns(builder.node({1, 1}, {middle}, 1, {builder.weight(1000)}));
    plan.placement = placement_of({{0, 0, 1}, {1, 1, 2}});
    plan.figures = evaluate(graph(), fleet(), plan.placement);
    standby = standby_plans(graph(), fleet(), plan.placement,
                            {.solve = {.budget = Seconds(0.1)}, .home = DeviceId(0)});
  }
  const CostGraph& graph() { return builder.problem().graph; }
  const fleet::Fleet& fleet() { return builder.problem().fleet; }

  ProblemBuilder builder;
  Plan plan;
  StandbyPlans standby;
};

TEST_F(StandbyFile, JsonHasAPlanOrAReasonForEachDeviceAndWhatToStore) {
  const std::string text =
      with_standby(to_json(plan, graph(), fleet()), standby, Seconds(1), graph(), fleet());
  const json read = json::parse(text);
  EXPECT_EQ(read["standby"][0], json::parse(R"({"lost": "a", "period_before_s": 1.0,
      "period_s": 2.0, "move_bytes": 1000, "move_s": null, "move_bytes_stored": 0,
      "move_s_stored": 0.0, "stages": [{"device": "b", "nodes": ["n0", "n1"]}]})"));
  EXPECT_EQ(read["standby"][1]["lost"], "b");
  EXPECT_THAT(read["standby"][1]["why"].get<std::string>(), HasSubstr("the model does not fit"));
  EXPECT_EQ(read["store"],
            json::parse(R"([{"device": "b", "weights_bytes": 1000, "nodes": ["n0"]}])"));
  const auto stages = read_stages(text, "plan.json");  // those of the plan in force, as ever
  ASSERT_TRUE(stages);
  EXPECT_EQ(stages->size(), 2u);
}

TEST_F(StandbyFile, TextSaysThatItIsModelledAndWhatCannotBe) {
  EXPECT_THAT(to_text(standby, Seconds(1), fleet()),
              AllOf(HasSubstr("(modelled)"), HasSubstr("1.00 kB, which cannot come"),
                    HasSubstr("- without b no plan fits: the model does not fit"),
                    HasSubstr("- stored in advance on b: weights of 1.00 kB")));
}

}  // namespace
}  // namespace convoy::plan
