#include "plan/problem_test.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <random>

namespace convoy::plan {

ProblemBuilder& ProblemBuilder::device(std::string name, std::int64_t memory_bytes) {
  auto& [graph, fleet] = problem_;
  fleet::Device device;
  device.name = std::move(name);
  device.memory = Bytes(memory_bytes);
  fleet.devices.push_back(std::move(device));
  graph.compute.push_back(ById<NodeId, Seconds>(graph.nodes.size(), Seconds(0)));
  graph.stage_overhead.push_back(Seconds(0));
  graph.runtime_memory.push_back(Bytes(0));
  return links(0);
}

ProblemBuilder& ProblemBuilder::links(double bytes_per_second, double latency_s) {
  auto& fleet = problem_.fleet;
  const std::size_t size = fleet.devices.size();
  const fleet::Link link{BytesPerSecond(bytes_per_second), Seconds(latency_s)};
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(
      size, ById<DeviceId, fleet::Link>(size, link));
  return *this;
}

ValueId ProblemBuilder::input(std::int64_t bytes) {
  auto& values = problem_.graph.values;
  return values.push_back({.name = "v" + std::to_string(values.size()),
                           .bytes = Bytes(bytes),
                           .producer = std::nullopt,
                           .consumers = {}});
}

ValueId ProblemBuilder::node(std::vector<double> seconds, std::vector<ValueId> reads,
                             std::int64_t output_bytes, std::vector<WeightId> weights,
                             std::int64_t workspace_bytes) {
  auto& graph = problem_.graph;
  const ValueId made = input(output_bytes);
  const NodeId node = graph.nodes.push_back({.name = "n" + std::to_string(graph.nodes.size()),
                                             .reads = reads,
                                             .writes = {made},
                                             .weights = std::move(weights),
                                             .workspace = Bytes(workspace_bytes)});
  graph.values[made].producer = node;
  for (const ValueId value : reads) graph.values[value].consumers.push_back(node);
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    graph.compute[DeviceId(i)].push_back(Seconds(seconds[i]));
  }
  return made;
}

WeightId ProblemBuilder::weight(std::int64_t bytes) {
  return problem_.graph.weights.push_back(Bytes(bytes));
}

ProblemBuilder& ProblemBuilder::returns(ValueId value) {
  problem_.graph.values[value].is_output = true;
  return *this;
}

Problem random_problem(std::uint64_t seed, const RandomShape& shape) {
  // Only the engine's raw numbers are the same everywhere; the standard distributions are not.
  std::mt19937_64 engine(seed);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(engine() % limit); };
  const auto chance = [&] { return static_cast<double>(engine() % 1000) / 1000; };
  ProblemBuilder builder;
  std::vector<double> slowness;
  for (std::size_t i = 0; i < shape.devices; ++i) {
    builder.device("d" + std::to_string(i));
    slowness.push_back(1.0 + static_cast<double>(below(4)));
  }
  std::vector<WeightId> shared;
  for (int i = 0; i < 2; ++i) shared.push_back(builder.weight(100 + static_cast<int>(below(400))));
  std::vector<ValueId> values = {builder.input(100 + static_cast<int>(below(100)))};
  for (std::size_t i = 0; i < shape.nodes; ++i) {
    const bool follows = shape.chain_probability >= 1 || chance() < shape.chain_probability;
    std::vector<ValueId> reads = {follows ? values.back() : values[below(values.size())]};
    while (values.size() > 1 && chance() < shape.skip_probability) {
      const ValueId skip = values[below(values.size() - 1)];
      if (std::ranges::find(reads, skip) == reads.end()) reads.push_back(skip);
    }
    std::vector<WeightId> weights = {builder.weight(static_cast<int>(below(1000)))};
    if (chance() < 0.2) weights.push_back(shared[below(2)]);
    std::vector<double> seconds;
    const double work = 1 + static_cast<double>(below(9));
    for (const double slow : slowness) seconds.push_back(work * slow * (0.8 + 0.4 * chance()));
    values.push_back(builder.node(seconds, reads, 10 + static_cast<int>(below(300)),
                                  std::move(weights), static_cast<int>(below(100))));
    if (chance() < 0.1) builder.returns(values.back());
  }
  builder.returns(values.back());

  Problem& problem = builder.problem();
  std::int64_t total = 0;
  for (const Bytes weight : problem.graph.weights) total += weight.value();
  for (const CostValue& value : problem.graph.values) total += value.bytes.value();
  for (const DeviceId device : problem.fleet.devices.ids()) {
    problem.graph.stage_overhead[device] = Seconds(0.1 * static_cast<double>(below(5)));
    problem.graph.runtime_memory[device] = Bytes(static_cast<int>(below(100)));
    if (shape.tightness > 0) {
      const double share = static_cast<double>(total) / static_cast<double>(shape.devices);
      problem.fleet.devices[device].memory =
          Bytes(static_cast<std::int64_t>(share * (0.8 + 1.2 * chance()) / shape.tightness));
    }
    if (chance() < 0.7) {
      problem.fleet.devices[device].power = fleet::Power{Watts(1), Watts(2 + 5 * chance())};
    }
  }
  // Often the first devices are equal, so that the solvers' symmetry is exercised.
  const bool twins = shape.devices > 1 && chance() < 0.3;
  const double rate = 5 + 100 * chance();
  for (auto& row : problem.fleet.links) {
    for (fleet::Link& link : row) {
      link.latency = Seconds(chance());
      link.bandwidth = BytesPerSecond(chance() < 0.1 ? 0 : rate * (0.5 + chance()));
    }
  }
  if (twins) {
    const DeviceId a(0), b(1);
    problem.graph.compute[b] = problem.graph.compute[a];
    problem.graph.stage_overhead[b] = problem.graph.stage_overhead[a];
    problem.graph.runtime_memory[b] = problem.graph.runtime_memory[a];
    problem.fleet.devices[b].memory = problem.fleet.devices[a].memory;
    auto& links = problem.fleet.links;
    links[b][a] = links[a][b];
    for (const DeviceId other : problem.fleet.devices.ids()) {
      if (other == a || other == b) continue;
      links[b][other] = links[a][other];
      links[other][b] = links[other][a];
    }
  }
  problem.fleet.contention = shape.contention;
  return problem;
}

void for_each_assignment(const Problem& problem,
                         const std::function<void(const ById<NodeId, DeviceId>&)>& visit) {
  const std::size_t devices = problem.fleet.devices.size();
  std::size_t codes = 1;
  for (std::size_t i = 0; i < problem.graph.nodes.size(); ++i) codes *= devices;
  ById<NodeId, DeviceId> device_of(problem.graph.nodes.size());
  for (std::size_t code = 0; code < codes; ++code) {
    std::size_t digits = code;
    for (const NodeId node : problem.graph.nodes.ids()) {
      device_of[node] = DeviceId(digits % devices);
      digits /= devices;
    }
    visit(device_of);
  }
}

fleet::Contention contention_of(std::uint64_t seed) {
  return std::array{fleet::Contention::link, fleet::Contention::radio,
                    fleet::Contention::medium}[seed % 3];
}

std::filesystem::path published(const std::filesystem::path& below) {
  const char* const set = std::getenv("CONVOY_FIXTURES");
  return std::filesystem::path(set != nullptr ? set : CONVOY_SOURCE_DIR "/../shared/fixtures") /
         "planner" / below;
}

Placement placement_of(const std::vector<Stretch>& runs) {
  Placement placement;
  for (const Stretch& run : runs) {
    PlacedStage stage{.device = DeviceId(run.device), .nodes = {}};
    for (std::size_t i = run.from; i < run.to; ++i) stage.nodes.push_back(NodeId(i));
    placement.push_back(std::move(stage));
  }
  return placement;
}

}  // namespace convoy::plan
