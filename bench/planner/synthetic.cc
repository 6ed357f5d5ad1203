// Seeded problems of a size that no published one has:
//   planner_synthetic [chain16|chain64|layered|random] [INSTANCES]
// chain16, chain64: 96 layers over as many devices, all different; speeds and bandwidths over a
// factor of 20. layered: 10,000 nodes in replicated blocks with branches and skips; random: 10,000
// nodes, each reading a few of the hundred before it; both on 64 devices. Prints for each instance
// the period, the bounds, the gap and the time, then the worst.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "plan/problem.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace {

using namespace convoy;
using namespace convoy::plan;
using Clock = std::chrono::steady_clock;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  // From low to high, evenly in its logarithm.
  double between(double low, double high) { return low * std::pow(high / low, uniform()); }
  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }

  void add_devices(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      problem_.fleet.devices.push_back({.name = fmt::format("device {}", i + 1)});
      slowness_.push_back(between(1, 20));
      rates_.push_back(between(5e6, 100e6));
    }
    problem_.graph.stage_overhead = ById<DeviceId, Seconds>(count, Seconds(0));
    problem_.graph.runtime_memory = ById<DeviceId, Bytes>(count);
    problem_.graph.compute.resize(count);
    for (const double from : rates_) {
      ById<DeviceId, fleet::Link> row;
      for (const double to : rates_)
        row.push_back({.bandwidth = BytesPerSecond(std::min(from, to))});
      problem_.fleet.links.push_back(std::move(row));
    }
  }
  ValueId input() {
    return problem_.graph.values.push_back({.name = "input", .bytes = Bytes(1000)});
  }
  ValueId node(const std::vector<ValueId>& reads, double seconds, double bytes) {
    CostGraph& graph = problem_.graph;
    const NodeId id(graph.nodes.size());
    CostNode node{.name = fmt::format("node {}", id.index())};
    for (const ValueId value : reads) {
      if (std::ranges::contains(node.reads, value)) continue;
      node.reads.push_back(value);
      graph.values[value].consumers.push_back(id);
    }
    const ValueId made = graph.values.push_back(
        {.name = node.name, .bytes = Bytes(std::llround(bytes)), .producer = id});
    node.writes.push_back(made);
    graph.nodes.push_back(std::move(node));
    for (std::size_t i = 0; i < slowness_.size(); ++i) {
      graph.compute[DeviceId(i)].push_back(Seconds(seconds * slowness_[i] * between(0.95, 1.05)));
    }
    return made;
  }
  Problem take() { return std::move(problem_); }

 private:
  std::mt19937_64 random_;
  Problem problem_;
  std::vector<double> slowness_;
  std::vector<double> rates_;
};

Problem chain(std::uint64_t seed, std::size_t devices) {
  Generator generator(seed);
  generator.add_devices(devices);
  ValueId last = generator.input();
  for (int i = 0; i < 96; ++i) {
    last = generator.node({last}, generator.between(0.005, 0.02), generator.between(50e3, 1e6));
  }
  return generator.take();
}

// Blocks of 50 nodes: three branches of 15 after one node, joined, with a skip around them.
Problem layered(std::uint64_t seed) {
  Generator generator(seed);
  generator.add_devices(64);
  ValueId last = generator.input();
  const auto next = [&](const std::vector<ValueId>& reads) {
    return generator.node(reads, generator.between(0.0005, 0.002), generator.between(20e3, 200e3));
  };
  for (int block = 0; block < 200; ++block) {
    const ValueId fork = next({last});
    std::vector<ValueId> ends = {fork};
    for (int branch = 0; branch < 3; ++branch) {
      ValueId at = fork;
      for (int i = 0; i < 15; ++i) at = next({at});
      ends.push_back(at);
    }
    last = next(ends);
    for (int i = 0; i < 3; ++i) last = next({last});
  }
  return generator.take();
}

Problem random_graph(std::uint64_t seed) {
  Generator generator(seed);
  generator.add_devices(64);
  std::vector<ValueId> values = {generator.input()};
  for (int i = 0; i < 10'000; ++i) {
    std::vector<ValueId> reads = {values.back()};
    for (std::size_t more = generator.below(3); more > 0; --more) {
      reads.push_back(
          values[values.size() - 1 - generator.below(std::min<std::size_t>(values.size(), 100))]);
    }
    values.push_back(
        generator.node(reads, generator.between(0.0005, 0.002), generator.between(1e3, 20e3)));
  }
  return generator.take();
}

Problem make(const std::string& family, std::uint64_t seed) {
  if (family == "chain16") return chain(seed, 16);
  if (family == "chain64") return chain(seed, 64);
  return family == "layered" ? layered(seed) : random_graph(seed);
}

}  // namespace

int main(int count, char** arguments) {
  const std::string family = count > 1 ? arguments[1] : "chain16";
  const auto instances = static_cast<std::uint64_t>(count > 2 ? std::atoi(arguments[2]) : 20);
  if (!std::ranges::contains(std::vector<std::string>{"chain16", "chain64", "layered", "random"},
                             family)) {
    fmt::print(stderr, "planner_synthetic: there are chain16, chain64, layered and random\n");
    return 2;
  }
  double worst_gap = 0;
  double worst_time = 0;
  for (std::uint64_t seed = 1; seed <= instances; ++seed) {
    const Problem problem = make(family, seed);
    const auto begin = Clock::now();
    const auto plan = family == "chain16"
                          ? solve_chain(problem.graph, problem.fleet)
                          : solve_auto(problem.graph, problem.fleet, {.budget = Seconds(4.5)});
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (!plan) {
      fmt::print("{} {}: {}\n", family, seed, plan.error().message);
      continue;
    }
    const bool holds = verify(problem.graph, problem.fleet, *plan).empty();
    const double bound = std::max(plan->contiguous_bound.value_or(0), *plan->bound);
    const double gap = 1 - bound / plan->figures.period.count();
    fmt::print("{} {}: period {:.6f} s, bound {:.6f} s, gap {:.2f} %, {} stages, {:.2f} s{}\n",
               family, seed, plan->figures.period.count(), bound, 100 * gap,
               plan->placement.size(), seconds, holds ? "" : ", DOES NOT HOLD");
    std::fflush(stdout);
    worst_gap = std::max(worst_gap, gap);
    worst_time = std::max(worst_time, seconds);
  }
  fmt::print("worst: gap {:.2f} %, {:.2f} s\n", 100 * worst_gap, worst_time);
  return 0;
}
