#include "plan/beam_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "plan/assignment.h"
#include "plan/evaluate.h"
#include "plan/relative_work.h"

namespace convoy::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array<std::size_t, 3> kWidths = {
    200, 1000, 4000};                 // partial plans that are kept, one after the other
constexpr double kTolerance = 0.002;  // of the period
constexpr double kStride = 0.985;     // of the period: no step down is longer
constexpr double kShorter = 0.15;     // how much of a stage may be given up for a narrower boundary
constexpr std::size_t kBits = 64;

}  // namespace

BeamSearch::BeamSearch(const CostGraph& graph, const fleet::Fleet& fleet,
                       const Contraction& contraction, const std::vector<UnitId>& order)
    : graph_(graph),
      fleet_(fleet),
      contraction_(contraction),
      order_(order),
      devices_(fleet.devices.size()),
      work_(order.size() + 1, 0),
      weights_(order.size() + 1, 0),
      crossing_(order.size() + 1, 0),
      least_seconds_per_byte_(kInfinity) {
  std::vector<std::vector<double>> seconds;
  for (const DeviceId device : fleet.devices.ids()) {
    std::vector<double>& of_device = seconds.emplace_back();
    std::vector<double>& sums = sums_.emplace_back(1, 0.0);
    for (const UnitId unit : order) {
      of_device.push_back(unit_time(graph, contraction.units[unit], device).count());
      sums.push_back(sums.back() + of_device.back());
    }
    overhead_.push_back(graph.stage_overhead[device].count());
    const Bytes memory = fleet.devices[device].memory;
    room_.push_back(memory.value() == 0
                        ? kInfinity
                        : static_cast<double>((memory - graph.runtime_memory[device]).value()));
    for (const DeviceId to : fleet.devices.ids()) {
      const double rate = fleet.links[device][to].bandwidth.value();
      seconds_per_byte_.push_back(device != to && rate > 0 ? 1 / rate : 0);
      if (device != to) {
        least_seconds_per_byte_ = std::min(least_seconds_per_byte_, seconds_per_byte_.back());
      }
    }
  }
  if (devices_ < 2) least_seconds_per_byte_ = 0;
  auto [speed, work] = relative_work(seconds);
  speed_ = std::move(speed);
  std::set<WeightId> seen;
  ById<NetId, std::size_t> placed(contraction.nets.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    work_[i + 1] = work_[i] + work[i];
    weights_[i + 1] = weights_[i];
    for (const WeightId weight : unit_weights(graph, contraction.units[order[i]])) {
      if (seen.insert(weight).second) {
        weights_[i + 1] += static_cast<double>(graph.weights[weight].value());
      }
    }
    crossing_[i + 1] = crossing_[i];
    for (const NetId id : contraction.units[order[i]].nets) {
      const Net& net = contraction.nets[id];
      if (placed[id] == 0) crossing_[i + 1] += static_cast<double>(net.bytes.value());
      if (++placed[id] == net.members.size()) {
        crossing_[i + 1] -= static_cast<double>(net.bytes.value());
      }
    }
  }
}

// The end of the longest run; `from` if not even one unit fits.
std::size_t BeamSearch::furthest(std::size_t device, std::size_t from, double period) const {
  const auto until = [&](const std::vector<double>& sums, double most) {
    return static_cast<std::size_t>(
        std::upper_bound(sums.begin() + static_cast<std::ptrdiff_t>(from), sums.end(), most) -
        sums.begin() - 1);
  };
  const double time = (period - overhead_[device]) * (1 + 1e-12);
  if (time < 0) return from;
  return std::min(until(sums_[device], sums_[device][from] + time),
                  until(weights_, weights_[from] + std::max(room_[device], 0.0)));
}

Seconds BeamSearch::bound() const {
  double low = 0;
  double high = kInfinity;
  for (const auto& sums : sums_) high = std::min(high, sums.back());
  for (const double overhead : overhead_) high = std::max(high, high + overhead);
  while (high - low > 1e-4 * high) {
    const double period = (low + high) / 2;
    double all = 0;
    for (std::size_t device = 0; device < devices_; ++device) {
      double most = 0;
      for (std::size_t from = 0; from < size(); ++from) {
        if (!can_begin(from, period)) continue;
        std::size_t end = furthest(device, from, period);
        while (end > from && !can_begin(end, period)) --end;
        most = std::max(most, work_[end] - work_[from]);
      }
      all += most;
    }
    (all >= work_.back() * (1 - 1e-9) ? high : low) = period;
  }
  return Seconds(low);
}

std::optional<Placement> BeamSearch::run(Seconds bound, Seconds below,
                                         const std::function<bool()>& stop) {
  std::optional<Placement> best;
  double reached = below.count();
  for (const std::size_t width : kWidths) bisect(width, bound.count(), reached, best, stop);
  return best;
}

// Between the bound and the period that was reached; infinite: none was yet.
void BeamSearch::bisect(std::size_t width, double floor, double& reached,
                        std::optional<Placement>& best, const std::function<bool()>& stop) const {
  const double bound = floor;
  const auto between = [&] { return std::max((floor + reached) / 2, kStride * reached); };
  double next = std::isfinite(reached) ? between() : 1.1 * floor;
  while ((!std::isfinite(reached) || reached - floor > kTolerance * reached) && !stop()) {
    auto found = find(next, width, stop);
    const Figures figures = found ? evaluate(graph_, fleet_, *found) : Figures{};
    const bool fits = found && shortages(figures, fleet_).empty();
    // What the beam left out of account may cost more than the period.
    if (!fits || figures.period.count() > next * (1 + 1e-9)) floor = next;
    if (fits && figures.period.count() < reached) {
      best = std::move(found);
      reached = figures.period.count();
    }
    if (std::isfinite(reached)) {
      next = between();
    } else {
      next *= 1.3;
      if (next > 1000 * bound) break;
    }
  }
}

std::optional<Placement> BeamSearch::find(double period, std::size_t width,
                                          const std::function<bool()>& stop) const {
  std::vector<State> states(1);
  states[0].used.assign((devices_ + kBits - 1) / kBits, 0);
  for (const double speed : speed_) states[0].spare += speed * period;
  states[0].spare -= work_.back();
  std::size_t layer = 0;  // the first state of the last layer
  for (std::size_t stage = 0; stage < devices_ && !stop(); ++stage) {
    std::vector<State> next;
    for (std::size_t i = layer; i < states.size(); ++i) extend(states[i], i, period, next);
    std::ranges::stable_sort(next, std::ranges::greater(), &State::spare);
    layer = states.size();
    std::set<std::pair<std::size_t, std::vector<std::uint64_t>>> seen;
    for (State& state : next) {
      if (!seen.emplace(state.position, state.used).second) continue;
      states.push_back(std::move(state));
      if (states.back().position == size()) return placement_of(states, states.size() - 1);
      if (states.size() - layer == width) break;
    }
    if (states.size() == layer) return std::nullopt;
  }
  return std::nullopt;
}

void BeamSearch::extend(const State& state, std::size_t parent, double period,
                        std::vector<State>& next) const {
  for (std::size_t device = 0; device < devices_; ++device) {
    if (state.used[device / kBits] >> device % kBits & 1) continue;
    if (state.position > 0 && transfer(state.device, device, state.position) > period) continue;
    std::size_t longest = furthest(device, state.position, period);
    while (longest > state.position && !can_begin(longest, period)) --longest;
    if (longest == state.position) continue;
    // The narrowest boundary shortly before, too.
    std::size_t narrow = longest;
    const double least_work = work_[longest] - kShorter * (work_[longest] - work_[state.position]);
    for (std::size_t end = longest; end > state.position && work_[end] >= least_work; --end) {
      if (crossing_[end] < crossing_[narrow]) narrow = end;
    }
    for (const std::size_t end : {longest, narrow}) {
      const double unused = speed_[device] * period - (work_[end] - work_[state.position]);
      State more{.position = end,
                 .used = state.used,
                 .device = device,
                 .spare = state.spare - unused,
                 .parent = parent};
      if (more.spare < -1e-9 * work_.back() && end != size()) continue;
      more.used[device / kBits] |= std::uint64_t{1} << device % kBits;
      next.push_back(std::move(more));
      if (narrow == longest) break;
    }
  }
}

Placement BeamSearch::placement_of(const std::vector<State>& states, std::size_t last) const {
  ById<UnitId, DeviceId> device_of(contraction_.units.size());
  for (std::size_t at = last; at != 0; at = states[at].parent) {
    for (std::size_t i = states[states[at].parent].position; i < states[at].position; ++i) {
      device_of[order_[i]] = DeviceId(states[at].device);
    }
  }
  return stages_of(graph_, devices_of_nodes(graph_, contraction_, device_of, order_));
}

}  // namespace convoy::plan
