// How busy everything is when units are spread over devices at will, kept up to date unit by unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"

namespace convoy::plan {

// As evaluate() counts, but for two things that depend on the stages: a device's overhead counts
// once, and its memory is the worker and the weights alone. Refers to its arguments.
class AssignmentLoads {
 public:
  // All units on the first device.
  AssignmentLoads(const CostGraph& graph, const fleet::Fleet& fleet,
                  const Contraction& contraction);

  [[nodiscard]] DeviceId device_of(UnitId unit) const { return device_of_[unit]; }
  void move(UnitId unit, DeviceId device);
  // Whether its memory has room for the weights that it holds.
  [[nodiscard]] bool fits(DeviceId device) const;
  // The longest that anything is busy, in seconds.
  [[nodiscard]] double period() const;
  // The devices of the longest load: one, or both ends of a link; all, of the medium.
  [[nodiscard]] std::vector<DeviceId> bottleneck() const;
  // The sum of the 16th powers of all loads, each in parts of `unit_s`: nearly the largest one's,
  // but falls with the others too.
  [[nodiscard]] double power_sum() const { return power_sum_; }
  void set_unit(double unit_s);
  // Nodes by device, floating ones with a reader of theirs.
  [[nodiscard]] ById<NodeId, DeviceId> nodes() const;

 private:
  void add(std::size_t resource, double time);
  void count_net(const Net& net, NetId id, double sign);
  void count_transfer(DeviceId from, DeviceId to, double time, double sending, double sign);
  void count_unit(UnitId unit, DeviceId device, int change);
  [[nodiscard]] std::size_t transfers_begin() const { return devices_; }

  const CostGraph* graph_;
  const fleet::Fleet* fleet_;
  const Contraction* contraction_;
  std::size_t devices_;
  std::vector<double> compute_;           // by unit and device
  std::vector<double> seconds_per_byte_;  // by sender and receiver
  ById<UnitId, std::vector<WeightId>> weights_of_;
  bool memory_matters_;

  ById<UnitId, DeviceId> device_of_;
  ById<NetId, std::vector<std::pair<DeviceId, std::uint32_t>>> members_;  // by device, only those
  std::vector<double> loads_;  // devices, then links, radios or the medium
  double inverse_unit_ = 1;
  double power_sum_ = 0;
  std::vector<std::uint32_t> units_on_;                     // by device
  std::vector<std::vector<std::uint32_t>> weight_readers_;  // by device and weight
  std::vector<Bytes> memory_;                               // by device: weights
};

}  // namespace convoy::plan
