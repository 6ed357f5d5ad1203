#include "plan/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/timetable.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Plan plan_of(const Problem& problem, const Placement& placement) {
  Plan plan;
  plan.placement = placement;
  plan.figures = evaluate(problem.graph, problem.fleet, placement);
  return plan;
}

const Lane& lane(const Timetable& table, std::string_view name) {
  for (const Lane& of : table.lanes) {
    if (of.name == name) return of;
  }
  throw std::runtime_error("no lane " + std::string(name));
}

std::vector<std::vector<double>> bars(const Lane& lane) {
  std::vector<std::vector<double>> bars;
  for (const Bar& bar : lane.bars) {
    bars.push_back({bar.start.count(), bar.end.count(), static_cast<double>(bar.age)});
  }
  return bars;
}

// 3 s on a, 2 s over the link, 4 s on b, 1 s back, 1 s on a: a and b are busy for the whole period.
class TimetableTest : public testing::Test {
 protected:
  TimetableTest() {
    builder.device("a").device("b").links(100);
    const ValueId x = builder.node({3, 9}, {builder.input(10)}, 200);
    const ValueId y = builder.node({9, 4}, {x}, 100);
    builder.returns(builder.node({1, 9}, {y}, 10));
    problem = builder.problem();
    plan = plan_of(problem, placement_of({{0, 0, 1}, {1, 1, 2}, {0, 2, 3}}));
  }
  ProblemBuilder builder;
  Problem problem;
  Plan plan;
};

TEST_F(TimetableTest, ARequestAloneWaitsForWhatItNeeds) {
  const Timetable life = one_life(problem.graph, problem.fleet, plan);
  EXPECT_EQ(life.length, Seconds(11));
  EXPECT_THAT(bars(lane(life, "a")), ElementsAre(ElementsAre(0, 3, 0), ElementsAre(10, 11, 0)));
  EXPECT_THAT(bars(lane(life, "a → b")), ElementsAre(ElementsAre(3, 5, 0)));
  EXPECT_THAT(bars(lane(life, "b")), ElementsAre(ElementsAre(5, 9, 0)));
  EXPECT_THAT(bars(lane(life, "b → a")), ElementsAre(ElementsAre(9, 10, 0)));
}

TEST_F(TimetableTest, InAPeriodRequestsOverlap) {
  // b goes on at 5 s, in the next period; what it ends there at 9 s comes to a at 10 s, which has a
  // place behind its first stage only: at 11 s.
  const Timetable period = one_period(problem.graph, problem.fleet, plan);
  EXPECT_EQ(period.length, Seconds(4));
  EXPECT_THAT(bars(lane(period, "a")), ElementsAre(ElementsAre(0, 3, 0), ElementsAre(3, 4, 2)));
  EXPECT_THAT(bars(lane(period, "a → b")), ElementsAre(ElementsAre(0, 1, 1), ElementsAre(3, 4, 0)));
  EXPECT_THAT(bars(lane(period, "b")), ElementsAre(ElementsAre(0, 1, 2), ElementsAre(1, 4, 1)));
  EXPECT_THAT(bars(lane(period, "b → a")), ElementsAre(ElementsAre(1, 2, 2)));
}

// Of random plans: bars lie in the period, do not overlap, and sum to what the evaluator says.
TEST(Timetable, BarsFillEachLaneAsTheEvaluatorCounts) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Problem problem =
        random_problem(seed, {.nodes = 2 + seed % 9,
                              .devices = 1 + seed % 4,
                              .contention = static_cast<fleet::Contention>(seed % 3)});
    if (seed % 4 == 1) problem.fleet.devices[DeviceId(0)].transfer_load = 0.5;
    problem.fleet.multicast = seed % 5 == 1;
    // Nodes in turn, two at a time: a device has several stages.
    Placement placement;
    for (std::size_t node = 0; node < problem.graph.nodes.size(); node += 2) {
      PlacedStage stage{.device = DeviceId(node / 2 % problem.fleet.devices.size()), .nodes = {}};
      for (std::size_t i = node; i < std::min(node + 2, problem.graph.nodes.size()); ++i)
        stage.nodes.emplace_back(i);
      placement.push_back(std::move(stage));
    }
    const Plan plan = plan_of(problem, placement);
    const double period = plan.figures.period.count();
    const Timetable table = one_period(problem.graph, problem.fleet, plan);
    double most = 0;
    for (const Lane& of : table.lanes) {
      double end = 0;
      double sum = 0;
      for (const Bar& bar : of.bars) {
        EXPECT_GE(bar.start.count(), end - 1e-6 * period) << "seed " << seed << ": " << of.name;
        EXPECT_LE(bar.end.count(), period * (1 + 1e-9)) << "seed " << seed << ": " << of.name;
        end = bar.end.count();
        sum += (bar.end - bar.start).count();
      }
      EXPECT_NEAR(of.busy.count(), sum, 1e-9 * period);
      most = std::max(most, sum);
      if (of.transfers) continue;
      const DeviceId device = *problem.fleet.find(of.name);
      EXPECT_NEAR(sum, plan.figures.busy[device].count(), 1e-6 * period) << "seed " << seed;
    }
    EXPECT_NEAR(most, period, 1e-6 * period) << "seed " << seed;
    double latest = 0;
    for (const Lane& of : one_life(problem.graph, problem.fleet, plan).lanes) {
      if (!of.transfers) latest = std::max(latest, of.bars.back().end.count());
    }
    EXPECT_NEAR(latest, plan.figures.latency.count(), 1e-9 * latest) << "seed " << seed;
  }
}

// Whether tags are closed in the order in which they were opened, and text has no bare & or <.
bool is_well_formed(std::string_view xml) {
  std::vector<std::string> open;
  while (!xml.empty()) {
    if (xml.front() == '&') {
      const std::size_t end = xml.find(';');
      static const std::set<std::string_view> known = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
      if (end == xml.npos || !known.contains(xml.substr(0, end + 1))) return false;
      xml.remove_prefix(end + 1);
      continue;
    }
    if (xml.front() != '<') {
      xml.remove_prefix(1);
      continue;
    }
    const std::size_t end = xml.find('>');
    if (end == xml.npos) return false;
    std::string_view tag = xml.substr(1, end - 1);
    if (tag.contains('<') || std::ranges::count(tag, '"') % 2 != 0) return false;
    xml.remove_prefix(end + 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.emplace_back(tag.substr(0, tag.find_first_of(" \n")));
    }
  }
  return open.empty();
}

TEST_F(TimetableTest, ThePictureIsXmlAndNamesAreEscaped) {
  problem.fleet.devices[DeviceId(0)].name = "<a> & \"co\"";
  problem.graph.nodes[NodeId(1)].name = "</text><script>alert(1)</script>";
  const std::string picture = picture_of(problem.graph, problem.fleet, plan);
  EXPECT_TRUE(is_well_formed(picture));
  EXPECT_THAT(picture, Not(HasSubstr("<script")));
  EXPECT_THAT(picture, HasSubstr("&lt;a&gt; &amp; &quot;co&quot;"));
  EXPECT_THAT(picture, HasSubstr("one period of 4.00 s (0.25 results a second)"));
  EXPECT_THAT(picture, HasSubstr("One request alone: 11.0 s"));
  EXPECT_THAT(picture, HasSubstr("<text class=\"limit\" x=\"16.0\" y=\"82.0\">b</text>"));
  EXPECT_THAT(picture, HasSubstr("50 % idle"));  // a to b
  EXPECT_TRUE(picture_page(problem.graph, problem.fleet, plan).starts_with("<!doctype html>"));
  EXPECT_EQ(picture, picture_of(problem.graph, problem.fleet, plan));
}

TEST(Picture, ShowsTheBusiestOfVeryManyLinks) {
  ProblemBuilder builder;
  constexpr std::size_t kDevices = 80;
  for (std::size_t i = 0; i < kDevices; ++i) builder.device("d" + std::to_string(i));
  builder.links(100);
  ValueId last = builder.input(10);
  Placement placement;
  for (std::size_t i = 0; i < kDevices; ++i) {
    last = builder.node(std::vector<double>(kDevices, 1), {last}, 10 + static_cast<int>(i));
    placement.push_back({.device = DeviceId(i), .nodes = {NodeId(i)}});
  }
  const Problem& problem = builder.problem();
  const std::string picture = picture_of(problem.graph, problem.fleet, plan_of(problem, placement));
  EXPECT_THAT(picture, HasSubstr("and 15 links that are busy for less"));
  EXPECT_TRUE(is_well_formed(picture));
}

}  // namespace
}  // namespace convoy::plan
