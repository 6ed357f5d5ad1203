// A good contiguous plan along one order for many different devices, where an exact search takes
// too long.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"

namespace convoy::plan {

// Bisects the period. For each, stages are placed one after the other, each as long as the period
// allows or up to a narrower place shortly before; of all partial plans, those are kept that leave
// the devices not yet used the most time to spare. What crosses a boundary is taken to come from
// the device before it. Refers to its arguments.
class BeamSearch {
 public:
  BeamSearch(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
             const std::vector<UnitId>& order);

  // The best placement found that fits the memories, and is better than `below`; none: nothing was.
  [[nodiscard]] std::optional<Placement> run(Seconds bound, Seconds below,
                                             const std::function<bool()>& stop);
  // No plan along this order in which each device has one run has a shorter period: else the
  // longest runs that each device could do, somewhere, would not add up to the whole.
  [[nodiscard]] Seconds bound() const;

 private:
  // A partial plan: `parent` is the one it extends.
  struct State {
    std::size_t position = 0;
    std::vector<std::uint64_t> used;  // devices, as bits
    std::size_t device = 0;           // of the last stage
    double spare = 0;                 // work that the devices not used can do beyond what is left
    std::size_t parent = 0;
  };

  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] double time(std::size_t device, std::size_t from, std::size_t to) const {
    return overhead_[device] + sums_[device][to] - sums_[device][from];
  }
  [[nodiscard]] double transfer(std::size_t from, std::size_t to, std::size_t position) const {
    return crossing_[position] * seconds_per_byte_[from * devices_ + to];
  }
  [[nodiscard]] std::size_t furthest(std::size_t device, std::size_t from, double period) const;
  [[nodiscard]] bool can_begin(std::size_t position, double period) const {
    return crossing_[position] * least_seconds_per_byte_ <= period;
  }
  void bisect(std::size_t width, double floor, double& reached, std::optional<Placement>& best,
              const std::function<bool()>& stop) const;
  [[nodiscard]] std::optional<Placement> find(double period, std::size_t width,
                                              const std::function<bool()>& stop) const;
  void extend(const State& state, std::size_t parent, double period,
              std::vector<State>& next) const;
  [[nodiscard]] Placement placement_of(const std::vector<State>& states, std::size_t last) const;

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Contraction& contraction_;
  std::vector<UnitId> order_;
  std::size_t devices_;
  std::vector<std::vector<double>> sums_;  // by device: time of the first units
  std::vector<double> overhead_;
  std::vector<double> work_;              // of the first units, at least, whoever does them
  std::vector<double> speed_;             // by device: work a second, at most
  std::vector<double> weights_;           // bytes of the first units
  std::vector<double> room_;              // by device: bytes for weights; infinite without a limit
  std::vector<double> crossing_;          // bytes, by boundary
  std::vector<double> seconds_per_byte_;  // by sender and receiver
  double least_seconds_per_byte_ = 0;
};

}  // namespace convoy::plan
