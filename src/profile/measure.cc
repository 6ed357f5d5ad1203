#include "profile/measure.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <system_error>
#include <utility>
#include <vector>

#include "engine/profiler_log.h"
#include "engine/sample.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::profile {
namespace {

using Clock = std::chrono::steady_clock;

// Long against the period of a CPU quota (10 ms), so that each batch has its share of pauses.
constexpr Seconds kBatch{0.2};
// The profiler keeps a kilobyte for each node of each run; more runs would not make it more exact.
constexpr int kMostProfiledRuns = 60;

// Where the profiler may write; Session removes the file once it is read.
std::filesystem::path trace_prefix() {
  std::error_code problem;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(problem);
  return (problem ? "." : folder) / fmt::format("convoy-{}-trace", getpid());
}

// The value below which a share of the sorted values lies, between neighbours where need be.
Seconds quantile(const std::vector<Seconds>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

Seconds median(std::vector<Seconds> times) {
  std::ranges::sort(times);
  return quantile(times, 0.5);
}

// Other processes only ever make a run longer.
Seconds mean_of_fastest_quarter(std::vector<Seconds> times) {
  std::ranges::sort(times);
  const auto fastest = std::span(times).first((times.size() + 3) / 4);
  return std::accumulate(fastest.begin(), fastest.end(), Seconds(0)) /
         static_cast<double>(fastest.size());
}

// In a session of its own, as profiling slows a session down. The first runs are left out.
Result<engine::ProfilerLog> profile_runs(const std::filesystem::path& file,
                                         std::span<const engine::SharedTensor> inputs,
                                         const MeasureOptions& options) {
  Result<engine::Session> session =
      engine::Session::load(file, {.threads = options.threads,
                                   .level = onnx::OptimizationLevel::none,
                                   .profile_prefix = trace_prefix()});
  if (!session) return std::unexpected(session.error());
  const Clock::time_point start = Clock::now();
  int runs = 0;
  while (runs < options.warm_up + options.min_runs ||
         (runs < options.warm_up + kMostProfiledRuns && Clock::now() - start < options.budget)) {
    if (auto outputs = session->run(inputs); !outputs) return std::unexpected(outputs.error());
    ++runs;
  }
  Result<engine::ProfilerLog> log = session->finish_profile();
  if (!log) return log;
  const auto drop_first = [&](std::vector<Seconds>& times) {
    times.erase(times.begin(), times.begin() + options.warm_up);
  };
  drop_first(log->runs);
  drop_first(log->calls);
  for (engine::NodeTiming& node : log->nodes) drop_first(node.runs);
  return log;
}

// What the log saw of the nodes' outputs. Where a node left some out, each may be as large as all.
std::map<std::string, Bytes> output_sizes(const onnx::Graph& graph,
                                          const engine::ProfilerLog& log) {
  std::map<std::string, const engine::NodeTiming*> timings;
  for (const engine::NodeTiming& timing : log.nodes) timings[timing.node] = &timing;
  std::map<std::string, Bytes> sizes;
  for (const onnx::Node& node : graph.nodes) {
    const auto found = timings.find(node.name);
    if (found == timings.end() || found->second->outputs.empty()) continue;
    const std::vector<Bytes>& outputs = found->second->outputs;
    const Bytes all = std::accumulate(outputs.begin(), outputs.end(), Bytes(0));
    for (std::size_t i = 0; i < node.writes.size(); ++i) {
      sizes[graph.values[node.writes[i]].name] =
          outputs.size() == node.writes.size() ? outputs[i] : all;
    }
  }
  return sizes;
}

}  // namespace

// Batches of runs, each as long as kBatch or one run; a batch counts with its mean.
DeviceProfile summary_of(std::span<const Seconds> ends) {
  std::vector<Seconds> batches;
  Seconds begin = ends.front();
  int runs = 0;
  for (const Seconds end : ends.subspan(1)) {
    ++runs;
    if (end - begin < kBatch && !(batches.empty() && end == ends.back())) continue;
    batches.push_back((end - begin) / runs);
    begin = end;
    runs = 0;
  }
  std::ranges::sort(batches);
  return {.run = quantile(batches, 0.5),
          .spread = (quantile(batches, 0.75) - quantile(batches, 0.25)) / 2,
          .runs = static_cast<int>(ends.size()) - 1};
}

Result<DeviceProfile> measure_runs(const std::filesystem::path& file,
                                   std::span<const engine::SharedTensor> inputs,
                                   const MeasureOptions& options) {
  Result<engine::Session> session = engine::Session::load(
      file, {.threads = options.threads, .level = onnx::OptimizationLevel::none});
  if (!session) return std::unexpected(session.error());
  const auto least = static_cast<std::size_t>(std::max(1, options.min_runs));
  const Clock::time_point begin = Clock::now();
  std::vector<Seconds> ends;
  for (int run = 1; ends.size() <= least || ends.back() - ends.front() < options.budget; ++run) {
    if (auto outputs = session->run(inputs); !outputs) {
      return within(file.string(), outputs.error());
    }
    const Seconds end = Clock::now() - begin;
    if (!ends.empty() || run >= options.warm_up || end > options.budget / 4) ends.push_back(end);
  }
  return summary_of(ends);
}

Result<NodeCosts> measure_nodes(const std::filesystem::path& file,
                                std::span<const engine::SharedTensor> inputs,
                                const MeasureOptions& options) {
  const Result<onnx::Model> model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  const Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(file.string(), graph.error());
  const Result<engine::ProfilerLog> log = profile_runs(file, inputs, options);
  if (!log) return within(file.string(), log.error());

  NodeCosts costs{.nodes = {}, .call = median(log->calls), .values = output_sizes(*graph, *log)};
  for (const engine::NodeTiming& node : log->nodes) {
    costs.nodes[node.node] = mean_of_fastest_quarter(node.runs);
  }
  const std::vector<engine::Port> ports = engine::inputs_of(*graph);
  for (std::size_t i = 0; i < inputs.size(); ++i) costs.values[ports[i].name] = engine::bytes_of(inputs[i]);
  return costs;
}

void scale_nodes(DeviceProfile& device, const NodeCosts& costs, Seconds computing) {
  Seconds all = costs.call;
  for (const auto& [name, time] : costs.nodes) all += time;
  const double scale = all > Seconds(0) ? computing / all : 0;
  device.stage_overhead = costs.call * scale + (device.run - computing);
  device.nodes.clear();
  for (const auto& [name, time] : costs.nodes) device.nodes[name] = time * scale;
}

}  // namespace convoy::profile
