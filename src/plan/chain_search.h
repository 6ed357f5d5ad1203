// Whether consecutive runs of a graph's nodes, on distinct devices, can keep within a period.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "plan/completions.h"
#include "plan/cost_graph.h"
#include "plan/device_kinds.h"
#include "plan/failures.h"
#include "plan/medium_bound.h"
#include "plan/plan.h"
#include "plan/stretches.h"

namespace convoy::plan {

// Depth first over stages, each as long as it may be first, and only where the rest could be
// completed if transfers cost nothing (completions.h). Two partial plans that stop at the same node,
// have used the same devices and left the values that cross there on the same devices can be
// continued in the same ways; so what failed once is remembered by just that, along with the loads
// of shared resources that can still grow (radios, the medium). Exact for every graph, values that
// skip stages included.
class ChainSearch {
 public:
  enum class Outcome { found, none, out_of_steps };

  // Fleets of up to 16 devices that all differ, or of many equal ones: 24 of two kinds are 169 sets.
  // More are searched without their slowest devices, and so are more than ten on long graphs.
  static constexpr std::size_t kMostSets = std::size_t{1} << 16;
  static constexpr std::size_t kMostStates = std::size_t{1} << 24;  // sets and nodes

  // With `required`, only plans that meet it count.
  ChainSearch(const CostGraph& graph, const fleet::Fleet& fleet,
              std::optional<Requirement> required = std::nullopt);
  ChainSearch(const ChainSearch&) = delete;
  ChainSearch& operator=(const ChainSearch&) = delete;

  // A placement of at most `most_stages` stages whose period is at most `period` and which fits the
  // memories. Infinite: any that fits. Takes from `steps`: one for each stage tried, more where
  // many values cross.
  [[nodiscard]] Outcome find(Seconds period, std::size_t most_stages, std::int64_t& steps);
  // What the last find() found.
  [[nodiscard]] const Placement& placement() const { return placement_; }

  // The shortest period if transfers cost nothing, up to a thousandth below: no placement in this
  // order has a shorter one, nor one below `least`. `reached`: a period that some placement has.
  [[nodiscard]] Seconds bound(Seconds least, Seconds reached);

  // Devices that are searched, and those that are not (see kMostSets).
  [[nodiscard]] std::size_t devices() const { return kinds_.devices; }
  [[nodiscard]] std::size_t sets() const { return kinds_.sets; }
  [[nodiscard]] const std::vector<DeviceId>& left_out() const { return kinds_.left_out; }

 private:
  using Owner = KindMember;  // that has a stage
  using OwnerTimes = std::vector<std::pair<Owner, double>>;
  // A partial plan, up to a boundary.
  struct State {
    std::size_t position = 0;
    std::size_t stages = 0;
    std::size_t used = 0;        // the set of devices used
    std::vector<Owner> owners;   // of each value that crosses here
    OwnerTimes radios;           // how long the radios of owners are busy
    double medium = 0;           // how long the medium is
  };

  [[nodiscard]] Completions::Transfers sure_transfers() const;
  [[nodiscard]] bool explore(const State& state);
  [[nodiscard]] std::optional<State> extended(const State& state, std::size_t kind,
                                              std::size_t end) const;
  void take_steps(std::size_t work) { *steps_ -= 1 + static_cast<std::int64_t>(work / 16); }
  [[nodiscard]] OwnerTimes received(const State& state, std::size_t kind, std::size_t end) const;
  [[nodiscard]] bool add_transfers(State& state, const OwnerTimes& received, Owner to) const;
  [[nodiscard]] std::pair<std::string, Failures::Loads> key_of(const State& state) const;

  fleet::Contention contention_;
  Stretches stretches_;
  DeviceKinds kinds_;
  Completions completions_;
  KindLinks links_;
  bool anything_takes_time_ = false;

  // Of the find() that runs.
  double period_ = 0;
  std::size_t most_stages_ = 0;
  bool transfers_count_ = false;
  std::int64_t* steps_ = nullptr;
  Failures failed_;
  std::optional<MediumBound> medium_;  // where one medium limits
  std::vector<std::pair<std::size_t, std::size_t>> stages_;  // kind, end; of the path explored
  Placement placement_;
};

}  // namespace convoy::plan
