#include "profile/node_times.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace convoy::profile {
namespace {

// Timers, caches and other processes shift sums by some percent; pauses by far more.
constexpr double kSlack = 1.15;

Seconds mean(std::span<const Seconds> times) {
  if (times.empty()) return Seconds(0);
  return std::accumulate(times.begin(), times.end(), Seconds(0)) /
         static_cast<double>(times.size());
}

Seconds mean_of_fastest_quarter(std::vector<Seconds> times) {
  std::ranges::sort(times);
  return mean(std::span(times).first((times.size() + 3) / 4));
}

template <class Estimate>
std::vector<Seconds> estimates(const engine::ProfilerLog& log, Estimate estimate) {
  std::vector<Seconds> times;
  for (const engine::NodeTiming& node : log.nodes) times.push_back(estimate(node.runs));
  return times;
}

Seconds sum(const std::vector<Seconds>& times) {
  return std::accumulate(times.begin(), times.end(), Seconds(0));
}

bool has_pauses(const std::vector<Seconds>& times, const WholeRun& run) {
  if (run.wall < run.cpu / run.threads * kSlack) return false;  // nothing ever paused
  // With several threads the processor time does not tell how long the nodes should take.
  return run.threads > 1 || sum(times) > run.cpu * kSlack;
}

}  // namespace

std::map<std::string, Seconds> node_times(const engine::ProfilerLog& log, const WholeRun& run,
                                          Seconds call) {
  std::vector<Seconds> times = estimates(log, mean_of_fastest_quarter);
  if (has_pauses(times, run)) {
    times = estimates(log, [](const std::vector<Seconds>& runs) { return mean(runs); });
  }
  const Seconds all = sum(times);
  const Seconds target = std::max(Seconds(0), run.wall - call);
  std::map<std::string, Seconds> scaled;
  for (std::size_t i = 0; i < times.size(); ++i) {
    // Below the profiler's resolution all are alike.
    scaled[log.nodes[i].node] = all > Seconds(0) ? target * (times[i] / all)
                                                 : target / static_cast<double>(times.size());
  }
  return scaled;
}

}  // namespace convoy::profile
