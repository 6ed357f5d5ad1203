#include "plan/plan_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plan/problem_test.h"
#include "plan/solve.h"

namespace convoy::plan {
namespace {

using testing::StartsWith;

class PlanFileTest : public testing::Test {
 protected:
  PlanFileTest() {
    builder.device("phone", 4000).device("laptop").device("watch").links(100);
    const ValueId x = builder.input(8);
    const ValueId y = builder.node({1, 2, 9}, {x}, 20, {builder.weight(300)});
    builder.returns(builder.node({2, 1, 9}, {y}, 30));
    builder.problem().fleet.devices[DeviceId(0)].power = fleet::Power{Watts(1), Watts(3)};
    plan = *solve_chain(graph(), fleet());
  }
  const CostGraph& graph() { return builder.problem().graph; }
  const fleet::Fleet& fleet() { return builder.problem().fleet; }

  ProblemBuilder builder;
  Plan plan;
};

TEST_F(PlanFileTest, WritesAPlanWithNames) {
  const auto json = nlohmann::json::parse(to_json(plan, graph(), fleet()));
  EXPECT_EQ(json["solver"], "chain");
  EXPECT_EQ(json["objective"], "throughput");
  EXPECT_EQ(json["period_s"], 1.0);
  EXPECT_EQ(json["latency_s"], 2.2);
  EXPECT_EQ(json["energy_j"], 3.0);
  EXPECT_EQ(json["proven"], true);
  EXPECT_EQ(json["gap"], 0.0);
  ASSERT_EQ(json["stages"].size(), 2u);
  EXPECT_EQ(json["stages"][0], nlohmann::json::parse(R"({
    "device": "phone", "nodes": ["n0"], "inputs": ["v0"], "outputs": ["v1"],
    "compute_s": 1.0, "send_s": 0.2, "sent_bytes": 20, "memory_bytes": 356})"));
  EXPECT_EQ(json["stages"][1]["outputs"], nlohmann::json::parse(R"(["v2"])"));
  EXPECT_EQ(json["critical_path"], nlohmann::json::parse(R"([
    {"stage": 1, "device": "phone", "start_s": 0.0, "end_s": 1.0},
    {"stage": 1, "device": "phone", "to": "laptop", "bytes": 20, "start_s": 1.0, "end_s": 1.2},
    {"stage": 2, "device": "laptop", "start_s": 1.2, "end_s": 2.2}])"));
  ASSERT_EQ(json["unused"].size(), 1u);
  EXPECT_EQ(json["unused"][0]["device"], "watch");
  EXPECT_EQ(json["unused"][0]["why"],
            "its lightest stage would take 9.00 s, longer than the period of 1.00 s");
}

TEST_F(PlanFileTest, SaysWhereCostsComeFromAndWhatAnItemTakes) {
  builder.problem().graph.source = "estimated";
  builder.problem().graph.items = 4;
  EXPECT_THAT(
      to_text(plan, graph(), fleet()),
      testing::AllOf(testing::HasSubstr("(1 requests a second of 4 items: 4 items a second)"),
                     testing::HasSubstr("costs: estimated\n")));
  const auto json = nlohmann::json::parse(to_json(plan, graph(), fleet()));
  EXPECT_EQ(json["costs"], "estimated");
  EXPECT_EQ(json["items"], 4);
}

TEST_F(PlanFileTest, WritesNullWhereNoBoundIsKnown) {
  plan.bound.reset();
  plan.proven = false;
  const auto json = nlohmann::json::parse(to_json(plan, graph(), fleet()));
  EXPECT_TRUE(json["bound_s"].is_null());
  EXPECT_TRUE(json["gap"].is_null());
}

TEST_F(PlanFileTest, SaysItForPeople) {
  EXPECT_THAT(
      to_text(plan, graph(), fleet()),
      StartsWith("stage      nodes  up to  compute  share  sends      in            memory\n"
                 "1. phone       1     n0   1.00 s   50 %   20 B  200 ms  356 B of 4.00 kB\n"
                 "2. laptop      1     n1   1.00 s   50 %    0 B       -             100 B\n"
                 "\n"
                 "period 1.00 s (1 requests a second), latency 2.20 s, 3.00 J a request; no "
                 "placement has a shorter period\n"
                 "solver: chain\n"
                 "- the bottleneck: phone computes for the whole period of 1.00 s\n"));
}

}  // namespace
}  // namespace convoy::plan
