// Devices between which nothing differs, so that searches try one of each kind.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

struct Kind {
  std::vector<DeviceId> devices;  // may stand for each other
  std::optional<Bytes> memory;    // for models; none: not limited
  std::size_t required = 0;       // so many of them at least must be used
  std::size_t weight = 1;         // of one device of this kind in the number of a set

  // How many of the kind a set has.
  [[nodiscard]] std::size_t count_in(std::size_t set) const {
    return set / weight % (devices.size() + 1);
  }
};

// One device of a kind.
struct KindMember {
  std::size_t kind = 0;
  std::size_t member = 0;  // which of its devices

  friend auto operator<=>(const KindMember&, const KindMember&) = default;
};

// That a plan uses at least `count` devices of the kind that `device` is of.
struct Requirement {
  DeviceId device;
  std::size_t count = 1;
};

// A set of devices is a number: so many of each kind, in mixed radix. The empty set is 0.
struct DeviceKinds {
  std::vector<Kind> kinds;           // the required one first, then by speed
  std::vector<DeviceId> left_out;    // see most_sets
  std::size_t sets = 1;              // as many numbers, the last one is the set of all devices
  std::size_t devices = 0;
};

// In what devices of a kind are alike.
enum class Alike {
  in_period,  // exchanging two changes no plan's period
  in_all,     // nor its latency or energy
};

// The slowest devices are left out where there would be more than `most_sets` sets. kAnySets: none is,
// and sets have no numbers.
inline constexpr std::size_t kAnySets = 0;
[[nodiscard]] DeviceKinds kinds_of(const CostGraph& graph, const fleet::Fleet& fleet,
                                   std::optional<Requirement> required, std::size_t most_sets,
                                   Alike alike = Alike::in_period);

// What a byte takes between devices of kinds, in seconds; 0 where nothing limits it, or there is nobody
// else.
struct KindLinks {
  std::vector<std::vector<double>> seconds_per_byte;  // [from][to], to another device of the kind as well
  std::vector<std::vector<double>> latency;  // in seconds
  std::vector<double> receiving;                      // from the quickest sender
  std::vector<double> sending;                        // to the quickest receiver
};
[[nodiscard]] KindLinks links_of(const fleet::Fleet& fleet, const DeviceKinds& kinds);

}  // namespace convoy::plan
