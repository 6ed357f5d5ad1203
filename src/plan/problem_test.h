// Small planning problems for tests: by hand, and random from a seed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/problem.h"

namespace convoy::plan {

// Adds to a graph one node or value at a time, keeping both sides of each edge.
class ProblemBuilder {
 public:
  // All links have `bandwidth` bytes a second (0: not limited).
  ProblemBuilder& device(std::string name, std::int64_t memory_bytes = 0);
  ProblemBuilder& links(double bytes_per_second, double latency_s = 0);
  ValueId input(std::int64_t bytes);
  // A node with its seconds on each device; returns the value that it makes.
  ValueId node(std::vector<double> seconds, std::vector<ValueId> reads, std::int64_t output_bytes,
               std::vector<WeightId> weights = {}, std::int64_t workspace_bytes = 0);
  WeightId weight(std::int64_t bytes);
  ProblemBuilder& returns(ValueId value);
  [[nodiscard]] Problem& problem() { return problem_; }

 private:
  Problem problem_;
};

struct RandomShape {
  std::size_t nodes = 6;
  std::size_t devices = 3;
  double skip_probability = 0.4;   // that a node also reads an earlier value
  double chain_probability = 1;    // that it reads the value before it; else another, and branches arise
  double tightness = 0;            // 0: no memory limits; 1: as much as an even share of the model
  fleet::Contention contention = fleet::Contention::link;
};
[[nodiscard]] Problem random_problem(std::uint64_t seed, const RandomShape& shape);

// Every way to give the nodes to the devices, as long as both are few.
void for_each_assignment(const Problem& problem,
                         const std::function<void(const ById<NodeId, DeviceId>&)>& visit);

// Of the three kinds in turn.
[[nodiscard]] fleet::Contention contention_of(std::uint64_t seed);

// A file or folder of the published planning problems; it need not be there.
[[nodiscard]] std::filesystem::path published(const std::filesystem::path& below);

// Nodes [from, to) on a device, for each stage.
struct Stretch {
  std::size_t device;
  std::size_t from;
  std::size_t to;
};
[[nodiscard]] Placement placement_of(const std::vector<Stretch>& runs);

}  // namespace convoy::plan
