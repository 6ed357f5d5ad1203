#include "plan/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "plan/evaluate.h"
#include "plan/online.h"
#include "plan/over_time.h"
#include "plan/problem_test.h"
#include "plan/assignment.h"
#include "plan/reduced.h"

namespace convoy::plan {
namespace {

using fleet::FleetInterval;
using testing::SizeIs;

// Tries every schedule on sets of weights, with its own arithmetic: links of their own, no limits
// of memory, no home.
class BruteForce {
 public:
  BruteForce(const Problem& problem, const std::vector<FleetInterval>& intervals,
             const std::vector<Placement>& plans)
      : problem_(problem), intervals_(intervals), plans_(plans) {}

  double most() {
    for (std::size_t plan = 0; plan < plans_.size(); ++plan) {
      try_all(0, plan, weights(plan), 0);
    }
    return most_;
  }

 private:
  using Weights = std::set<std::pair<std::size_t, std::size_t>>;  // device, weight

  Weights weights(std::size_t plan) {
    Weights needed;
    for (const PlacedStage& stage : plans_[plan]) {
      for (const NodeId node : stage.nodes) {
        for (const WeightId weight : problem_.graph.nodes[node].weights) {
          needed.emplace(stage.device.index(), weight.index());
        }
      }
    }
    return needed;
  }
  double begin(std::size_t interval) {
    double sum = 0;
    for (std::size_t i = 0; i < interval; ++i) sum += intervals_[i].duration.count();
    return sum;
  }
  // In tiny problems a period on a dead link is some 1e8 s.
  double rate(std::size_t interval, std::size_t plan) {
    for (const PlacedStage& stage : plans_[plan]) {
      if (!intervals_[interval].present[stage.device]) return 0;
    }
    const double period =
        evaluate(problem_.graph, intervals_[interval].fleet, plans_[plan]).period.count();
    return period > 1e5 ? 0 : 1 / period;
  }
  double best_rate_into(std::size_t interval, std::size_t device) {
    const FleetInterval& now = intervals_[interval];
    double best = 0;
    for (const DeviceId from : now.fleet.devices.ids()) {
      if (from.index() == device || !now.present[from] || !now.present[DeviceId(device)]) continue;
      const double rate = now.fleet.links[from][DeviceId(device)].bandwidth.value();
      best = std::max(best, rate == 0 ? 1e11 : rate);
    }
    return best < 1e-3 ? 0 : best;
  }
  // When so many bytes have come to a device; beyond the end: never.
  double arrival(std::size_t interval, std::size_t device, double bytes) {
    double now = begin(interval);
    for (; bytes > 0 && interval < intervals_.size(); ++interval) {
      const double rate = best_rate_into(interval, device);
      const double duration = intervals_[interval].duration.count();
      if (rate * duration >= bytes) return now + bytes / rate;
      bytes -= rate * duration;
      now += duration;
    }
    return bytes > 0 ? 1e300 : now;
  }
  void try_all(std::size_t interval, std::size_t plan, const Weights& held, double served) {
    if (interval == intervals_.size()) {
      most_ = std::max(most_, served);
      return;
    }
    try_all(interval + 1, plan, held,
            served + rate(interval, plan) * intervals_[interval].duration.count());
    for (std::size_t next = 0; next < plans_.size() && interval > 0; ++next) {
      if (next != plan) try_switch(interval, next, held, served);
    }
  }
  void try_switch(std::size_t interval, std::size_t next, Weights held, double served) {
    std::map<std::size_t, double> bytes;
    for (const auto& [device, weight] : weights(next)) {
      if (held.emplace(device, weight).second) {
        bytes[device] += static_cast<double>(problem_.graph.weights[WeightId(weight)].value());
      }
    }
    double ready = begin(interval);
    for (const auto& [device, missing] : bytes) {
      ready = std::max(ready, arrival(interval, device, missing));
    }
    const double end = begin(intervals_.size());
    const auto at = [&](double time) {
      std::size_t i = 0;
      while (i + 1 < intervals_.size() && begin(i + 1) <= time) ++i;
      return i;
    };
    while (ready < end && rate(at(ready), next) == 0) ready = begin(at(ready) + 1);
    if (ready >= end) return;
    ready += evaluate(problem_.graph, intervals_[at(ready)].fleet, plans_[next]).latency.count();
    if (ready >= end) return;
    const std::size_t i = at(ready);
    try_all(i + 1, next, held, served + rate(i, next) * (begin(i + 1) - ready));
  }

  const Problem& problem_;
  const std::vector<FleetInterval>& intervals_;
  const std::vector<Placement>& plans_;
  double most_ = 0;
};

// Bandwidths that change by factors, black-outs, and devices that come and go.
std::vector<FleetInterval> random_intervals(const Problem& problem, std::size_t count,
                                            std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<FleetInterval> intervals;
  for (std::size_t i = 0; i < count; ++i) {
    FleetInterval interval{.duration = Seconds(20.0 + static_cast<double>(engine() % 400)),
                           .fleet = problem.fleet,
                           .present = ById<DeviceId, bool>(problem.fleet.devices.size(), true)};
    for (const DeviceId from : problem.fleet.devices.ids()) {
      if (engine() % 6 == 0) interval.present[from] = false;
      for (const DeviceId to : problem.fleet.devices.ids()) {
        fleet::Link& link = interval.fleet.links[from][to];
        const std::uint64_t kind = engine() % 5;
        if (link.bandwidth.value() == 0 && kind > 0) continue;
        link.bandwidth =
            kind == 0 ? fleet::kBlackOut
                      : BytesPerSecond(link.bandwidth.value() * 0.3 * static_cast<double>(kind));
      }
    }
    intervals.push_back(std::move(interval));
  }
  return intervals;
}

ById<PlanId, Placement> by_id(const std::vector<Placement>& plans) {
  ById<PlanId, Placement> result;
  for (const Placement& plan : plans) result.push_back(plan);
  return result;
}

const OutlookOptions kUndivided{.step = Seconds(1e9)};

TEST(BestSchedule, AgreesWithBruteForce) {
  int switched = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 6});
    const std::vector<Placement> plans = {placement_of({{0, 0, 2}, {1, 2, 4}, {2, 4, 6}}),
                                          placement_of({{1, 0, 3}, {0, 3, 6}}),
                                          alone_on(problem.graph, DeviceId(seed % 3))};
    const auto intervals = random_intervals(problem, 5, seed);
    const Outlook outlook(problem.graph, intervals, by_id(plans), kUndivided);
    const Schedule schedule = best_schedule(outlook);
    const double most = BruteForce(problem, intervals, plans).most();
    EXPECT_NEAR(schedule.served, most, 1e-9 * most) << seed;
    EXPECT_TRUE(schedule.exact);
    double sum = 0;
    for (const Turn& turn : schedule.turns) sum += turn.served;
    EXPECT_NEAR(sum, schedule.served, 1e-9 * most) << seed;
    EXPECT_LE(best_fixed(outlook).served, schedule.served * (1 + 1e-12)) << seed;
    EXPECT_LE(schedule.served, served_without_move_costs(outlook) * (1 + 1e-12)) << seed;
    EXPECT_LE(online_schedule(outlook).served, schedule.served * (1 + 1e-12)) << seed;
    switched += schedule.turns.size() > 1;
  }
  EXPECT_GT(switched, 100);  // else this would show little
}

TEST(BestSchedule, AFewStatesAreNeverBetterAndSayThatTheyAreFew) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const Problem problem = random_problem(seed, {.nodes = 6});
    std::vector<Placement> plans = {placement_of({{0, 0, 2}, {1, 2, 4}, {2, 4, 6}}),
                                    placement_of({{1, 0, 3}, {0, 3, 6}}),
                                    placement_of({{2, 0, 3}, {1, 3, 6}})};
    for (std::size_t i = 0; i < 3; ++i) plans.push_back(alone_on(problem.graph, DeviceId(i)));
    const Outlook outlook(problem.graph, random_intervals(problem, 30, seed), by_id(plans),
                          kUndivided);
    const Schedule all = best_schedule(outlook, {.most_states = 100'000});
    const Schedule few = best_schedule(outlook, {.most_states = 2});
    EXPECT_TRUE(all.exact);
    EXPECT_LE(few.served, all.served * (1 + 1e-12)) << seed;
    if (few.exact) {
      EXPECT_NEAR(few.served, all.served, 1e-9 * all.served) << seed;
    }
  }
}

// A ride of 300 s with a tunnel of 30 s in the middle. Two devices together serve 1 request a
// second, one alone half of that.
class Tunnel : public testing::Test {
 protected:
  Outlook outlook(std::int64_t weight_bytes) {
    ProblemBuilder builder;
    builder.device("a").device("b").links(1000);
    const ValueId middle =
        builder.node({1, 1}, {builder.input(0)}, 10, {builder.weight(weight_bytes)});
    builder.returns(builder.node({1, 1}, {middle}, 0, {builder.weight(weight_bytes)}));
    const Problem& problem = builder.problem();
    fleet::FleetChanges changes;
    const fleet::Trace trace = {{Seconds(135), BytesPerSecond(1000), Seconds(0)},
                                {Seconds(30), BytesPerSecond(0), Seconds(0)},
                                {Seconds(135), BytesPerSecond(1000), Seconds(0)}};
    changes.devices.push_back({DeviceId(0), trace, Seconds(0)});
    return {problem.graph,
            fleet::fleet_over_time(problem.fleet, changes, {.horizon = Seconds(300)}),
            by_id({placement_of({{0, 0, 1}, {1, 1, 2}}), alone_on(problem.graph, DeviceId(0))}),
            {.step = Seconds(1)}};
  }
};

TEST_F(Tunnel, ALightModelGoesToOneDeviceForTheTimeOfTheTunnel) {
  // 4 kB take 4 s, then 2 s until the pipeline is full: begun in time, 4 requests are lost, and a
  // latency of 2 s in the tunnel; on the way out 2.01 s, the pipeline's latency.
  const Schedule best = best_schedule(outlook(4000));
  ASSERT_THAT(best.turns, SizeIs(3));
  EXPECT_EQ(best.turns[1].plan, PlanId(1));
  EXPECT_EQ(best.turns[1].begin, Seconds(131));
  EXPECT_EQ(best.turns[1].ready, Seconds(137));
  EXPECT_EQ(best.turns[1].moved, Bytes(4000));
  EXPECT_EQ(best.turns[2].begin, Seconds(165));
  EXPECT_EQ(best.turns[2].moved, Bytes(0));
  EXPECT_NEAR(best.served, 131 + 28 * 0.5 + 135 - 2.01, 1e-9);
}

TEST_F(Tunnel, AHeavyModelStaysAsTheMoveWouldCostMoreThanTheTunnel) {
  // 14 kB take 14 s: as many requests as one device would serve in the 28 s that are left.
  const Schedule best = best_schedule(outlook(14'000));
  EXPECT_THAT(best.turns, SizeIs(1));
  EXPECT_NEAR(best.served, 270, 1e-9);
  EXPECT_NEAR(best_schedule(outlook(10'000)).served, 125 + 14 + 135 - 2.01, 1e-9);
}

TEST(ShouldSwitch, WeighsWhatIsWonAgainstWhatIsLost) {
  const SwitchPolicy policy{.factor = 2};
  // 1 more a second for 10 s against 4 lost: more than twice as many only from 8 s on.
  Prospect prospect{.current = 2, .better = 3, .remaining = Seconds(12), .standstill = Seconds(2)};
  EXPECT_TRUE(should_switch(prospect, policy));
  EXPECT_DOUBLE_EQ(net_gain(prospect), 10 - 4);
  prospect.remaining = Seconds(9.9);
  EXPECT_FALSE(should_switch(prospect, policy));
  // Where nothing is served there is nothing to lose.
  prospect = {.current = 0, .better = 1, .remaining = Seconds(3), .standstill = Seconds(2)};
  EXPECT_TRUE(should_switch(prospect, policy));
  prospect.remaining = Seconds(2);
  EXPECT_FALSE(should_switch(prospect, policy));
  prospect = {.current = 1, .better = 1, .remaining = Seconds(9), .standstill = Seconds(0)};
  EXPECT_FALSE(should_switch(prospect, policy));
}

// A phone on a real network and a laptop of the same speed; the model is a chain of 8 layers with
// 200 kB of weights each. Without weights stored in advance there is nothing to switch to once the
// network is gone, and only who knows the future moves them in time.
TEST(OnlineSchedule, ServesNearlyAsMuchAsTheOfflineOptimumOnRealTraces) {
  const char* const set = std::getenv("CONVOY_FIXTURES");
  const std::filesystem::path folder =
      std::filesystem::path(set != nullptr ? set : CONVOY_SOURCE_DIR "/../shared/fixtures") /
      "traces";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  ProblemBuilder builder;
  builder.device("phone").device("laptop").links(0);
  ValueId value = builder.input(1000);
  for (int i = 0; i < 8; ++i) {
    value = builder.node({0.05, 0.05}, {value}, 20'000 >> i, {builder.weight(200'000)});
  }
  builder.returns(value);
  const Problem& problem = builder.problem();
  for (const std::string name :
       {"report_train_0001", "report_train_0003", "report_car_0004", "report_bus_0001",
        "norway_3g_report.2010-09-21_0742CEST", "norway_3g_report.2010-09-14_1415CEST"}) {
    const auto trace = fleet::read_trace(folder / (name + ".json"));
    ASSERT_TRUE(trace) << trace.error().message;
    fleet::FleetChanges changes;
    changes.devices.push_back({DeviceId(0), *trace, Seconds(0)});
    const auto intervals =
        fleet::fleet_over_time(problem.fleet, changes, {.horizon = fleet::duration_of(changes)});
    const auto plans = plan_over_time(problem.graph, intervals, {.solve = {.budget = Seconds(1)}});
    ASSERT_TRUE(plans) << plans.error().message;
    const double rounding = 1 + 1e-12;
    EXPECT_GE(plans->best.served * rounding, plans->fixed.served) << name;
    EXPECT_GE(plans->best_stored.served * rounding, plans->best.served) << name;
    EXPECT_LE(plans->best_stored.served, plans->without_move_costs * rounding) << name;
    EXPECT_LE(plans->online.served, plans->best.served * rounding) << name;
    EXPECT_LE(plans->online_stored.served, plans->best_stored.served * rounding) << name;
    EXPECT_GE(plans->online.served, 0.7 * plans->best.served) << name;
    EXPECT_GE(plans->online_stored.served, 0.95 * plans->best_stored.served) << name;
  }
}

TEST(PlanOverTime, SaysWhenNothingEverFits) {
  Problem problem = random_problem(1, {.nodes = 4, .devices = 2});
  for (fleet::Device& device : problem.fleet.devices) device.memory = Bytes(1);
  const auto plans = plan_over_time(
      problem.graph, fleet::fleet_over_time(problem.fleet, {}, {.horizon = Seconds(10)}));
  ASSERT_FALSE(plans);
  EXPECT_EQ(plans.error().kind, ErrorKind::infeasible);
  EXPECT_THAT(plans.error().message, testing::HasSubstr("the model does not fit"));
}

TEST(TypicalFleets, OneForEachSetOfDevicesAndForFactorsOfTwo) {
  const Problem problem = random_problem(3, {.nodes = 4, .devices = 2});
  fleet::FleetChanges changes;
  changes.links.push_back({DeviceId(0),
                           DeviceId(1),
                           {{Seconds(10), BytesPerSecond(64'000), Seconds(0)},
                            {Seconds(10), BytesPerSecond(60'000), Seconds(0)},
                            {Seconds(10), BytesPerSecond(2'000), Seconds(0)}},
                           Seconds(0)});
  changes.events = {{Seconds(40), DeviceId(0), fleet::Happening::leaves}};
  fleet::Fleet fleet = problem.fleet;
  for (auto& row : fleet.links) {
    for (fleet::Link& link : row) link.bandwidth = BytesPerSecond(0);
  }
  const auto intervals = fleet::fleet_over_time(fleet, changes, {.horizon = Seconds(60)});
  ASSERT_THAT(intervals, SizeIs(5));
  // The mean (26.5 kB/s while both are there), the worst (alone, as at the end), 64 kB/s, 2 kB/s.
  EXPECT_THAT(typical_fleets(intervals, 8), SizeIs(4));
  EXPECT_THAT(typical_fleets(intervals, 1), SizeIs(3));
}

}  // namespace
}  // namespace convoy::plan
