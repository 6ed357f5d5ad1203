// Whether consecutive runs of a graph's nodes, on distinct devices, can keep within a period.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"
#include "plan/plan.h"
#include "plan/stretches.h"

namespace convoy::plan {

// Depth first over stages, each as long as it may be first. Two partial plans that stop at the same
// node, have used the same devices and left the values that cross there on the same devices can be
// continued in the same ways; so what failed once is remembered by just that, along with the loads
// of shared resources that can still grow (radios, the medium). Exact for every graph, values that
// skip stages included. Devices between which nothing differs are tried once.
class ChainSearch {
 public:
  enum class Outcome { found, none, out_of_steps };

  // At most this many different sets of devices are told apart; a fleet with more (13 devices
  // that all differ) is searched without its slowest devices.
  static constexpr std::size_t kMostSets = 4096;

  // With `required`, only plans that use this device count. Both are referred to.
  ChainSearch(const CostGraph& graph, const fleet::Fleet& fleet,
              std::optional<DeviceId> required = std::nullopt);

  // A placement of at most `most_stages` stages whose period is at most `period` and which fits the
  // memories. Infinite: any that fits. Takes from `steps`, a step being one stage tried.
  [[nodiscard]] Outcome find(Seconds period, std::size_t most_stages, std::int64_t& steps);
  // What the last find() found.
  [[nodiscard]] const Placement& placement() const { return placement_; }

  // The shortest period that a placement without any transfer would have, memory counted by weights
  // alone: no placement in this order has a shorter one.
  [[nodiscard]] Seconds bound();

  // Devices that are searched, and those that are not (see kMostSets).
  [[nodiscard]] std::size_t devices() const { return devices_; }
  [[nodiscard]] const std::vector<DeviceId>& left_out() const { return left_out_; }

 private:
  // Devices that may stand for each other.
  struct Kind {
    std::vector<DeviceId> devices;
    std::optional<Bytes> memory;  // for models; none: not limited
    bool required = false;
    std::size_t weight = 1;       // of one device of this kind in the number of a set
  };
  // Who made a value that crosses a boundary: a device of a kind, told from others of its kind.
  struct Owner {
    std::size_t kind = 0;
    std::size_t member = 0;
    friend bool operator==(const Owner&, const Owner&) = default;
  };
  // A partial plan, up to a boundary.
  struct State {
    std::size_t position = 0;
    std::size_t stages = 0;
    std::size_t used = 0;               // number of the set of used devices
    std::vector<std::size_t> members;   // how many of each kind are used
    std::vector<Owner> owners;          // of each value that crosses here
    std::vector<std::pair<Owner, double>> radios;  // loads of the owners' radios
    double medium = 0;
  };
  using Loads = std::vector<double>;

  void group_devices(const CostGraph& graph, std::optional<DeviceId> required);
  [[nodiscard]] bool interchangeable(const CostGraph& graph, DeviceId a, DeviceId b) const;
  void number_sets();
  void find_earliest_starts(std::size_t most_stages);
  [[nodiscard]] std::size_t earliest_start(const Kind& kind, std::size_t end) const;
  [[nodiscard]] bool explore(const State& state);
  [[nodiscard]] bool try_kind(const State& state, std::size_t kind);
  [[nodiscard]] std::optional<State> extended(const State& state, std::size_t kind,
                                              std::size_t end) const;
  [[nodiscard]] double seconds_per_byte(std::size_t from, std::size_t to) const;
  [[nodiscard]] std::pair<std::string, Loads> key_of(const State& state) const;
  [[nodiscard]] bool failed_before(const std::string& key, const Loads& loads) const;
  void remember_failure(std::string key, Loads loads);

  const fleet::Fleet* fleet_;
  Stretches stretches_;
  std::vector<Kind> kinds_;           // fastest first
  std::vector<DeviceId> left_out_;
  std::size_t sets_ = 1;
  std::size_t devices_ = 0;
  bool anything_limits_transfers_ = false;

  Seconds period_{0};
  bool transfers_count_ = false;      // in this find()
  std::int64_t* steps_ = nullptr;
  // For each number of stages left and set of devices left, the first node from which they can
  // reach the end, transfers aside.
  std::vector<std::vector<std::size_t>> earliest_start_;
  std::unordered_map<std::string, std::vector<Loads>> failed_;
  std::vector<std::pair<std::size_t, std::size_t>> stages_;  // kind, end; of the path explored
  Placement placement_;
};

}  // namespace convoy::plan
