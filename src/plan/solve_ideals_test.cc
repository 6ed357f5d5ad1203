#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "plan/assignment.h"
#include "plan/bound.h"
#include "plan/evaluate.h"
#include "plan/problem_test.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace convoy::plan {
namespace {

using testing::IsEmpty;

// Whether the devices can be ordered such that values only go forward.
bool is_contiguous(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of,
                   std::size_t devices) {
  std::vector<std::vector<bool>> reaches(devices, std::vector<bool>(devices, false));
  for (const CostValue& value : graph.values) {
    if (!value.producer) continue;
    for (const NodeId reader : value.consumers) {
      reaches[device_of[*value.producer].index()][device_of[reader].index()] = true;
    }
  }
  for (std::size_t i = 0; i < devices; ++i) reaches[i][i] = false;
  for (std::size_t via = 0; via < devices; ++via) {
    for (std::size_t from = 0; from < devices; ++from) {
      for (std::size_t to = 0; to < devices; ++to) {
        if (reaches[from][via] && reaches[via][to]) reaches[from][to] = true;
      }
    }
  }
  for (std::size_t i = 0; i < devices; ++i) {
    if (reaches[i][i]) return false;
  }
  return true;
}

bool keeps_groups_together(const CostGraph& graph, const ById<NodeId, DeviceId>& device_of) {
  for (const NodeId a : graph.nodes.ids()) {
    for (const NodeId b : graph.nodes.ids()) {
      if (graph.nodes[a].group && graph.nodes[a].group == graph.nodes[b].group &&
          device_of[a] != device_of[b]) {
        return false;
      }
    }
  }
  return true;
}

struct Best {
  Seconds contiguous{std::numeric_limits<double>::infinity()};
  Seconds any{std::numeric_limits<double>::infinity()};
};

// Over each way to give nodes to devices; memory counts.
Best brute_force(const Problem& problem) {
  const std::size_t devices = problem.fleet.devices.size();
  Best best;
  for_each_assignment(problem, [&](const ById<NodeId, DeviceId>& device_of) {
    if (!keeps_groups_together(problem.graph, device_of)) return;
    const Figures figures =
        evaluate(problem.graph, problem.fleet, stages_of(problem.graph, device_of));
    best.any = std::min(best.any, figures.period);  // for bounds, which leave memory aside
    if (!is_contiguous(problem.graph, device_of, devices)) return;
    if (!shortages(figures, problem.fleet).empty()) return;
    best.contiguous = std::min(best.contiguous, figures.period);
  });
  return best;
}

struct Case {
  const char* name;
  fleet::Contention contention;
  double tightness;
  bool transfers_load;
  bool multicast;
};

class IdealsAgainstBruteForce : public testing::TestWithParam<Case> {};

TEST_P(IdealsAgainstBruteForce, FindsAndProvesTheContiguousOptimum) {
  const auto& [name, contention, tightness, transfers_load, multicast] = GetParam();
  int feasible = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Problem problem = random_problem(seed, {.nodes = 1 + seed % 7,
                                            .devices = 1 + seed % 3,
                                            .skip_probability = 0.1 * (seed % 5),
                                            .chain_probability = 0.5,
                                            .tightness = tightness,
                                            .contention = contention});
    std::mt19937_64 random(seed);
    if (transfers_load) {
      for (fleet::Device& device : problem.fleet.devices)
        device.transfer_load = 0.5 * (random() % 3);
    }
    if (multicast) {  // as in published problems
      problem.fleet.multicast = true;
      for (fleet::Device& device : problem.fleet.devices) device.transfer_load = 1;
      for (auto& row : problem.fleet.links) {
        for (fleet::Link& link : row) link.bandwidth = BytesPerSecond(20);
      }
    }
    if (seed % 4 == 0 && problem.graph.nodes.size() > 3) {
      problem.graph.nodes[NodeId(0)].group = problem.graph.nodes[NodeId(2)].group = GroupId(0);
      // Nodes that cost nothing join their neighbours.
      for (auto& times : problem.graph.compute) times[NodeId(1)] = Seconds(0);
    }
    const Best best = brute_force(problem);
    EXPECT_LE(period_bound(problem.graph, problem.fleet), best.any * (1 + 1e-9)) << "seed " << seed;
    const Result<Plan> plan = solve_ideals(problem.graph, problem.fleet);
    if (!std::isfinite(best.contiguous.count())) {
      ASSERT_FALSE(plan) << "seed " << seed;
      EXPECT_EQ(plan.error().kind, ErrorKind::infeasible);
      continue;
    }
    ++feasible;
    ASSERT_TRUE(plan) << "seed " << seed << ": " << plan.error().message;
    EXPECT_NEAR(plan->figures.period.count(), best.contiguous.count(),
                1e-8 * best.contiguous.count())
        << "seed " << seed;
    EXPECT_THAT(verify(problem.graph, problem.fleet, *plan), IsEmpty()) << "seed " << seed;
    ASSERT_TRUE(plan->contiguous_bound);
    EXPECT_NEAR(*plan->contiguous_bound, best.contiguous.count(),
                1e-8 * best.contiguous.count())
        << "seed " << seed;
  }
  EXPECT_GT(feasible, 75);
}

INSTANTIATE_TEST_SUITE_P(
    All, IdealsAgainstBruteForce,
    testing::Values(Case{"Link", fleet::Contention::link, 0, false, false},
                    Case{"LinkTight", fleet::Contention::link, 0.7, false, false},
                    Case{"LinkLoad", fleet::Contention::link, 0, true, false},
                    Case{"Radio", fleet::Contention::radio, 0, false, false},
                    Case{"RadioLoadTight", fleet::Contention::radio, 0.7, true, false},
                    Case{"Medium", fleet::Contention::medium, 0, true, false},
                    Case{"MediumTight", fleet::Contention::medium, 0.7, false, false},
                    Case{"Multicast", fleet::Contention::link, 0, false, true},
                    Case{"MulticastTight", fleet::Contention::link, 0.7, false, true}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace convoy::plan
