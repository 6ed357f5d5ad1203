#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/objective.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::IsEmpty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Visits every contiguous placement that fits the memories: any device has at most one stage, and
// stages stand in any order that they can run in.
class Contiguous {
 public:
  Contiguous(const Problem& problem, std::function<void(const Placement&, const Figures&)> visit)
      : problem_(problem), visit_(std::move(visit)), done_(problem.graph.nodes.size(), 0) {
    next_stage(0);
  }

 private:
  void next_stage(unsigned used) {
    if (std::ranges::all_of(done_, [](char done) { return done != 0; })) {
      const Figures figures = evaluate(problem_.graph, problem_.fleet, placement_);
      if (shortages(figures, problem_.fleet).empty()) visit_(placement_, figures);
      return;
    }
    for (const DeviceId device : problem_.fleet.devices.ids()) {
      if (used >> device.index() & 1U) continue;
      placement_.push_back({.device = device, .nodes = {}});
      grow(used | 1U << device.index(), 0);
      placement_.pop_back();
    }
  }
  // Each set of nodes once: nodes join in ascending order, which is a topological one.
  void grow(unsigned used, std::size_t from) {
    for (std::size_t i = from; i < done_.size(); ++i) {
      const NodeId node(i);
      const bool can_run =
          std::ranges::all_of(problem_.graph.nodes[node].reads, [&](ValueId value) {
            const auto producer = problem_.graph.values[value].producer;
            return !producer || done_[*producer];
          });
      if (done_[node] || !can_run) continue;
      done_[node] = 1;
      placement_.back().nodes.push_back(node);
      next_stage(used);
      grow(used, i + 1);
      placement_.back().nodes.pop_back();
      done_[node] = 0;
    }
  }

  const Problem& problem_;
  std::function<void(const Placement&, const Figures&)> visit_;
  ById<NodeId, char> done_;
  Placement placement_;
};

Problem powered_problem(std::uint64_t seed, const RandomShape& shape) {
  Problem problem = random_problem(seed, shape);
  std::mt19937_64 random(seed);
  for (fleet::Device& device : problem.fleet.devices) {
    device.power = fleet::Power{Watts(0.05), Watts(0.5 + 0.5 * static_cast<double>(random() % 16))};
  }
  // On quick links, branches run in parallel.
  const double quicker = std::array{1, 4, 20}[seed % 3];
  for (auto& row : problem.fleet.links) {
    for (fleet::Link& link : row) {
      link.bandwidth = link.bandwidth * quicker;
      link.latency /= quicker;
    }
  }
  return problem;
}

struct Case {
  const char* name;
  fleet::Contention contention;
  double tightness;
  std::uint64_t instances;
  std::size_t nodes;    // up to
  std::size_t devices;  // up to
};

RandomShape shape_of(const Case& given, std::uint64_t seed) {
  return {.nodes = given.nodes - seed % 5,
          .devices = given.devices - seed % given.devices / 2,
          .skip_probability = 0.1 * static_cast<double>(seed % 5),
          .chain_probability = 0.25 * static_cast<double>(1 + seed % 4),
          .tightness = given.tightness,
          .contention = given.contention};
}

class ObjectivesAgainstBruteForce : public testing::TestWithParam<Case> {};

TEST_P(ObjectivesAgainstBruteForce, IdealsFindsTheLeastOfEachObjective) {
  int feasible = 0;
  for (std::uint64_t seed = 0; seed < GetParam().instances; ++seed) {
    const Problem problem = powered_problem(seed, shape_of(GetParam(), seed));
    std::map<Objective, double> least;
    Contiguous(problem, [&](const Placement&, const Figures& figures) {
      for (const Objective objective :
           {Objective::throughput, Objective::latency, Objective::energy}) {
        double& best = least.try_emplace(objective, kInfinity).first->second;
        best = std::min(best, value_of(figures, objective));
      }
    });
    for (const Objective objective :
         {Objective::throughput, Objective::latency, Objective::energy}) {
      SCOPED_TRACE(fmt::format("seed {}, {}", seed, name_of(objective)));
      const auto plan = solve_ideals(problem.graph, problem.fleet, {.objective = objective});
      if (least.empty()) {
        ASSERT_FALSE(plan);
        EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
        continue;
      }
      ++feasible;
      ASSERT_TRUE(plan) << plan.error().message;
      EXPECT_NEAR(value_of(plan->figures, objective), least[objective], 1e-8 * least[objective]);
      ASSERT_TRUE(plan->contiguous_bound);
      EXPECT_NEAR(*plan->contiguous_bound, least[objective], 1e-8 * least[objective]);
      EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty());
    }
  }
  EXPECT_GT(feasible, static_cast<int>(GetParam().instances));
}

INSTANTIATE_TEST_SUITE_P(
    All, ObjectivesAgainstBruteForce,
    testing::Values(Case{"Link", fleet::Contention::link, 0, 300, 7, 3},
                    Case{"LinkTight", fleet::Contention::link, 0.7, 300, 7, 3},
                    Case{"Radio", fleet::Contention::radio, 0, 300, 7, 3},
                    Case{"RadioTight", fleet::Contention::radio, 0.7, 300, 7, 3},
                    Case{"Medium", fleet::Contention::medium, 0, 300, 7, 3},
                    Case{"MediumTight", fleet::Contention::medium, 0.7, 300, 7, 3},
                    Case{"LinkFour", fleet::Contention::link, 0.5, 250, 7, 4},
                    Case{"RadioFour", fleet::Contention::radio, 0.5, 250, 7, 4},
                    Case{"MediumFour", fleet::Contention::medium, 0.5, 250, 7, 4},
                    Case{"LinkNine", fleet::Contention::link, 0.5, 25, 9, 4},
                    Case{"RadioNine", fleet::Contention::radio, 0.5, 25, 9, 4},
                    Case{"MediumNine", fleet::Contention::medium, 0.5, 25, 9, 4}),
    [](const auto& info) { return info.param.name; });

// In every placement, contiguous or not, memory left aside.
TEST(ObjectiveBoundTest, IsNeverAboveWhatAPlacementReaches) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Problem problem = powered_problem(
        seed, {.nodes = 1 + seed % 6, .devices = 1 + seed % 3, .chain_probability = 0.5});
    for_each_assignment(problem, [&](const ById<NodeId, DeviceId>& device_of) {
      const Figures figures =
          evaluate(problem.graph, problem.fleet, stages_of(problem.graph, device_of));
      for (const Objective objective :
           {Objective::throughput, Objective::latency, Objective::energy}) {
        ASSERT_LE(objective_bound(problem.graph, problem.fleet, objective),
                  value_of(figures, objective) * (1 + 1e-9))
            << "seed " << seed << ", " << name_of(objective);
      }
    });
  }
}

class FrontAgainstBruteForce : public testing::TestWithParam<Objective> {};

TEST_P(FrontAgainstBruteForce, HasAPlanAsGoodAsEachContiguousPlacement) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Problem problem =
        powered_problem(seed, {.nodes = 2 + seed % 5,
                               .devices = 2 + seed % 2,
                               .chain_probability = 0.5,
                               .tightness = 0.35 * static_cast<double>(seed % 3),
                               .contention = contention_of(seed)});
    const auto plans = solve_front(problem.graph, problem.fleet, GetParam());
    std::size_t seen = 0;
    Contiguous(problem, [&](const Placement&, const Figures& figures) {
      ++seen;
      ASSERT_TRUE(plans) << plans.error().message;
      EXPECT_TRUE(std::ranges::any_of(*plans,
                                      [&](const Plan& plan) {
                                        return plan.figures.period <= figures.period * (1 + 1e-8) &&
                                               value_of(plan.figures, GetParam()) <=
                                                   value_of(figures, GetParam()) * 1.0051;
                                      }))
          << "seed " << seed;
    });
    if (seen == 0) continue;
    for (std::size_t i = 0; i < plans->size(); ++i) {
      const Plan& plan = (*plans)[i];
      EXPECT_THAT(verify(problem.graph, problem.fleet, plan), IsEmpty()) << "seed " << seed;
      if (i == 0) continue;
      EXPECT_GT(plan.figures.period, (*plans)[i - 1].figures.period);
      EXPECT_LT(value_of(plan.figures, GetParam()), value_of((*plans)[i - 1].figures, GetParam()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, FrontAgainstBruteForce,
                         testing::Values(Objective::latency, Objective::energy),
                         [](const auto& info) { return std::string(name_of(info.param)); });

// a -> b -> c -> d; the phone is quick at the ends, the laptop at the middle: 1 s each instead
// of 10.
TEST(LatencyTest, TwoDevicesTakeTurnsWhereThatIsQuickest) {
  ProblemBuilder builder;
  builder.device("phone").device("laptop").links(10);
  ValueId value = builder.input(1);
  for (const std::vector<double>& seconds :
       {std::vector{1.0, 10.0}, {10.0, 1.0}, {10.0, 1.0}, {1.0, 10.0}}) {
    value = builder.node(seconds, {value}, 5);
  }
  builder.returns(value);
  const auto& [graph, fleet] = builder.problem();
  const auto plan = solve_auto(graph, fleet, {.objective = Objective::latency});
  ASSERT_TRUE(plan);
  EXPECT_DOUBLE_EQ(plan->figures.latency.count(), 1 + 0.5 + 2 + 0.5 + 1);
  EXPECT_EQ(plan->placement.size(), 3U);
  EXPECT_DOUBLE_EQ(*plan->bound, 4);
  EXPECT_EQ(
      plan->limits.front(),
      "the latency of 5.00 s is 4.00 s of computing and 1.00 s of transfers: phone 1.00 s, to "
      "laptop 500 ms, laptop 2.00 s, to phone 500 ms, phone 1.00 s");
  // Contiguous: the phone begins, the laptop does the rest.
  EXPECT_DOUBLE_EQ(
      solve_ideals(graph, fleet, {.objective = Objective::latency})->figures.latency.count(),
      1 + 0.5 + 12);
}

TEST(EnergyTest, AsksForThePowerOfEachDevice) {
  ProblemBuilder builder;
  builder.device("phone").device("laptop");
  builder.returns(builder.node({1, 1}, {builder.input(1)}, 1));
  auto& [graph, fleet] = builder.problem();
  fleet.devices[DeviceId(0)].power = fleet::Power{Watts(1), Watts(2)};
  const auto plan = solve_auto(graph, fleet, {.objective = Objective::energy});
  ASSERT_FALSE(plan);
  EXPECT_EQ(
      plan.error().message,
      "to plan for energy, each device needs its power ({idle: 0.4 W, busy: 4 W}); \"laptop\" "
      "has none");
}

}  // namespace
}  // namespace convoy::plan
