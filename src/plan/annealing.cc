#include "plan/annealing.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

namespace convoy::plan {
namespace {

constexpr double kPower = 16;  // of AssignmentLoads::power_sum()
constexpr std::size_t kMostInCluster = 24;
constexpr std::int64_t kBetweenLooks = 1024;

class Annealer {
 public:
  Annealer(AssignmentLoads& loads, const Contraction& contraction, std::size_t devices,
           std::uint64_t seed)
      : loads_(loads),
        contraction_(contraction),
        devices_(devices),
        random_(seed),
        in_cluster_(contraction.units.size(), 0) {}

  void run(const AnnealingOptions& options, const std::function<void()>& better) {
    double shortest = loads_.period();
    loads_.set_unit(shortest);
    refresh_bottleneck();
    double energy = loads_.power_sum();
    double heat = options.hottest;
    for (std::int64_t move = 0; move < options.moves; ++move) {
      if (move % kBetweenLooks == 0) {
        if (options.stop()) return;
        const double progress = static_cast<double>(move) / static_cast<double>(options.moves);
        heat = options.hottest * std::pow(options.coldest / options.hottest, progress);
        refresh_bottleneck();
        loads_.set_unit(shortest);  // free of what rounding left
        energy = loads_.power_sum();
      }
      if (!try_move()) continue;
      const double after = loads_.power_sum();
      // A period longer by a part of `heat` is as likely as e^-1.
      if (after > energy && std::log(after / energy) / kPower > heat * -std::log(uniform())) {
        undo();
        continue;
      }
      energy = after;
      // The period is at most the sum's root.
      if (energy < 1 || std::pow(energy, 1 / kPower) < 1.2) {
        const double period = loads_.period();
        if (period < shortest * (1 - 1e-12)) {
          shortest = period;
          better();
        }
      }
    }
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }

  void refresh_bottleneck() {
    on_bottleneck_.clear();
    const std::vector<DeviceId> devices = loads_.bottleneck();
    for (const UnitId unit : contraction_.units.ids()) {
      if (std::ranges::contains(devices, loads_.device_of(unit))) on_bottleneck_.push_back(unit);
    }
  }

  // False if there was none to make; what was moved is in moved_.
  bool try_move() {
    moved_.clear();
    const bool at_bottleneck = !on_bottleneck_.empty() && below(2) == 0;
    const UnitId first = at_bottleneck ? on_bottleneck_[below(on_bottleneck_.size())]
                                       : UnitId(below(contraction_.units.size()));
    const DeviceId from = loads_.device_of(first);
    const DeviceId to = target_of(first);
    if (from == to) return false;
    const std::size_t size = below(2) == 0 ? 1 : 1 + below(kMostInCluster);
    grow_cluster(first, size);
    for (const UnitId unit : cluster_) move(unit, to);
    if (below(4) == 0) {  // in exchange
      const UnitId other = UnitId(below(contraction_.units.size()));
      if (loads_.device_of(other) == to && !in_cluster_[other]) move(other, from);
    }
    for (const UnitId unit : cluster_) in_cluster_[unit] = 0;
    if (loads_.fits(to) && loads_.fits(from)) return true;
    undo();
    return false;
  }

  DeviceId target_of(UnitId unit) {
    const auto& nets = contraction_.units[unit].nets;
    if (nets.empty() || below(8) == 0) return DeviceId(below(devices_));
    const auto& members = contraction_.nets[nets[below(nets.size())]].members;
    return loads_.device_of(members[below(members.size())]);
  }

  // Units around the first one, on its device.
  void grow_cluster(UnitId first, std::size_t size) {
    cluster_ = {first};
    in_cluster_[first] = 1;
    for (std::size_t tries = 2 * size; cluster_.size() < size && tries > 0; --tries) {
      const auto& nets = contraction_.units[cluster_[below(cluster_.size())]].nets;
      if (nets.empty()) continue;
      const auto& members = contraction_.nets[nets[below(nets.size())]].members;
      const UnitId next = members[below(members.size())];
      if (in_cluster_[next] || loads_.device_of(next) != loads_.device_of(first)) continue;
      in_cluster_[next] = 1;
      cluster_.push_back(next);
    }
  }

  void move(UnitId unit, DeviceId to) {
    moved_.emplace_back(unit, loads_.device_of(unit));
    loads_.move(unit, to);
  }
  void undo() {
    for (auto at = moved_.rbegin(); at != moved_.rend(); ++at) loads_.move(at->first, at->second);
  }

  AssignmentLoads& loads_;
  const Contraction& contraction_;
  std::size_t devices_;
  std::mt19937_64 random_;
  ById<UnitId, char> in_cluster_;
  std::vector<UnitId> cluster_;
  std::vector<UnitId> on_bottleneck_;
  std::vector<std::pair<UnitId, DeviceId>> moved_;  // and where it was
};

}  // namespace

void anneal(AssignmentLoads& loads, const Contraction& contraction, std::size_t devices,
            const AnnealingOptions& options, const std::function<void()>& better) {
  if (contraction.units.empty() || devices < 2) return;
  Annealer(loads, contraction, devices, options.seed).run(options, better);
}

}  // namespace convoy::plan
