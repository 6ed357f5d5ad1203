#include "plan/over_time_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// Two plans of one node: the second from 10 s on, after 2 s of standing still.
class OverTimeFile : public testing::Test {
 protected:
  OverTimeFile() {
    builder.device("a").device("b");
    builder.returns(builder.node({1, 1}, {builder.input(0)}, 0));
    over_time.plans = {placement_of({{0, 0, 1}}), placement_of({{1, 0, 1}})};
    over_time.best = {.turns = {{.plan = PlanId(0), .end = Seconds(10), .served = 0},
                                {.plan = PlanId(1),
                                 .begin = Seconds(10),
                                 .end = Seconds(20),
                                 .ready = Seconds(12),
                                 .moved = Bytes(3000),
                                 .served = 16}},
                      .served = 16};
    over_time.fixed = {.turns = {{.plan = PlanId(0), .end = Seconds(20), .served = 7}},
                       .served = 7};
    over_time.online = over_time.fixed;
    over_time.best_stored = over_time.best;
    over_time.online_stored = over_time.fixed;
    over_time.without_move_costs = 18;
  }
  ProblemBuilder builder;
  OverTime over_time;
};

TEST_F(OverTimeFile, JsonHasTheScheduleAndItsRivals) {
  const json read =
      json::parse(to_json(over_time, builder.problem().graph, builder.problem().fleet));
  EXPECT_EQ(read, json::parse(R"({"source": "modelled", "horizon_s": 20.0,
      "plans": [{"stages": [{"device": "a", "nodes": ["n0"]}]},
                {"stages": [{"device": "b", "nodes": ["n0"]}]}],
      "schedule": [{"from_s": 0.0, "to_s": 10.0, "serves_from_s": 0.0, "plan": 0,
                    "period_s": null, "served": 0.0, "moved_bytes": 0},
                   {"from_s": 10.0, "to_s": 20.0, "serves_from_s": 12.0, "plan": 1,
                    "period_s": 0.5, "served": 16.0, "moved_bytes": 3000}],
      "served": 16.0, "exact": true, "fixed": {"plan": 0, "served": 7.0},
      "without_move_costs": 18.0, "online": {"served": 7.0, "switches": 0},
      "stored": {"served": 16.0, "online_served": 7.0}})"));
}

TEST_F(OverTimeFile, TextHasThemToo) {
  EXPECT_THAT(to_text(over_time, builder.problem().fleet),
              AllOf(HasSubstr("10.0 s  20.0 s     2  500 ms      16  3.00 kB        2.00 s\n"),
                    HasSubstr("plan 2, nodes by stage: b 1"), HasSubstr("(modelled"),
                    HasSubstr("no schedule of these serves more")));
}

}  // namespace
}  // namespace convoy::plan
