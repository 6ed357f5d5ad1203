#include "plan/outlook.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "plan/evaluate.h"
#include "plan/holdings.h"
#include "plan/stage_graph.h"

namespace convoy::plan {
namespace {

constexpr Seconds kShortestPeriod{1e-9};

// Bytes a second at which weights come; 100 GB/s where no limit is known.
double speed_of(BytesPerSecond inflow) {
  if (inflow.value() == 0) return 1e11;
  return inflow <= fleet::kBlackOut ? 0 : inflow.value();
}

bool has(const Held& held, std::size_t piece) { return (held[piece / 64] >> (piece % 64)) & 1; }
void add(Held& held, std::size_t piece) { held[piece / 64] |= std::uint64_t{1} << (piece % 64); }

// Whether all that a plan uses is there: devices, and links that carry something.
bool is_alive(const StageGraph& plan, const fleet::FleetInterval& interval) {
  ById<NodeId, DeviceId> device_of;
  for (const PlacedStage& stage : plan.placement) {
    if (!interval.present[stage.device]) return false;
    device_of.push_back(stage.device);
  }
  for (const CostValue& value : plan.graph.values) {
    if (!value.producer) continue;
    const DeviceId from = device_of[*value.producer];
    for (const NodeId reader : value.consumers) {
      if (device_of[reader] != from && is_dead(interval.fleet.links[from][device_of[reader]])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

Outlook::Outlook(const CostGraph& graph, const std::vector<fleet::FleetInterval>& intervals,
                 ById<PlanId, Placement> plans, const OutlookOptions& options)
    : plans_(std::move(plans)),
      contention_(intervals.front().fleet.contention),
      advance_(options.advance),
      setup_(options.setup) {
  std::vector<StageGraph> small;
  for (const Placement& plan : plans_) small.push_back(stage_graph(graph, plan));
  begins_.push_back(Seconds(0));
  for (const fleet::FleetInterval& interval : intervals) {
    ById<PlanId, double> rates(plans_.size(), 0);
    ById<PlanId, Seconds> latencies(plans_.size(), Seconds(0));
    for (const PlanId plan : plans_.ids()) {
      const StageGraph& stages = small[plan.index()];
      if (!is_alive(stages, interval)) continue;
      const Figures figures = evaluate(stages.graph, interval.fleet, stages.placement);
      rates[plan] = Seconds(1) / std::max(figures.period, kShortestPeriod);
      latencies[plan] = figures.latency;
    }
    const auto rates_in = inflow(interval.fleet, interval.present, options.home);
    const double parts = std::max(1.0, std::ceil(interval.duration / options.step - 1e-9));
    for (double part = 0; part < parts; ++part) {
      begins_.push_back(begins_.back() + interval.duration / parts);
      rates_.push_back(rates);
      latencies_.push_back(latencies);
      inflow_.push_back(rates_in);
    }
  }
  served_ = ById<PlanId, std::vector<double>>(plans_.size(), {0.0});
  arrived_ = ById<DeviceId, std::vector<double>>(inflow_.front().size(), {0.0});
  for (std::size_t i = 0; i < rates_.size(); ++i) {
    const double duration = (begins_[i + 1] - begins_[i]).count();
    for (const PlanId plan : plans_.ids()) {
      served_[plan].push_back(served_[plan].back() + rates_[i][plan] * duration);
    }
    for (const DeviceId device : arrived_.ids()) {
      arrived_[device].push_back(arrived_[device].back() + speed_of(inflow_[i][device]) * duration);
    }
  }
  serves_from_ = ById<PlanId, std::vector<std::size_t>>(plans_.size());
  for (const PlanId plan : plans_.ids()) {
    serves_from_[plan].assign(rates_.size() + 1, rates_.size());
    for (std::size_t i = rates_.size(); i-- > 0;) {
      serves_from_[plan][i] = rates_[i][plan] > 0 ? i : serves_from_[plan][i + 1];
    }
  }
  find_pieces(graph, options.home);
  find_room(graph, intervals.front().fleet);
}

void Outlook::find_pieces(const CostGraph& graph, std::optional<DeviceId> home) {
  std::map<std::pair<DeviceId, WeightId>, std::vector<bool>> needed;
  for (const PlanId plan : plans_.ids()) {
    const Holdings weights = weights_of(graph, plans_[plan], graph.compute.size());
    for (const DeviceId device : weights.ids()) {
      if (device == home) continue;
      for (const WeightId weight : weights[device]) {
        auto& by = needed.try_emplace({device, weight}, plans_.size()).first->second;
        by[plan.index()] = true;
      }
    }
  }
  std::map<std::pair<DeviceId, std::vector<bool>>, Bytes> pieces;
  for (const auto& [where, by] : needed) pieces[{where.first, by}] += graph.weights[where.second];
  for (const auto& [key, bytes] : pieces) pieces_.push_back({key.first, bytes, key.second});
  std::ranges::stable_sort(pieces_, std::greater(), &Piece::bytes);
}

void Outlook::find_room(const CostGraph& graph, const fleet::Fleet& fleet) {
  for (const Placement& plan : plans_) {
    const std::size_t index = room_.size();
    const Figures figures = evaluate(graph, fleet, plan);
    ById<DeviceId, std::optional<Bytes>> room(fleet.devices.size());
    ById<DeviceId, Bytes> others(fleet.devices.size());
    for (const Piece& piece : pieces_) {
      if (!piece.needed_by[index]) others[piece.device] += piece.bytes;
    }
    for (const DeviceId device : fleet.devices.ids()) {
      const Bytes memory = fleet.devices[device].memory;
      if (memory.value() == 0) continue;
      room[device] = memory - std::max(figures.memory[device], graph.runtime_memory[device]);
      keeps_all_ &= others[device] <= *room[device];
    }
    room_.push_back(std::move(room));
  }
}

std::size_t Outlook::interval_at(Seconds time) const {
  const auto after = std::ranges::upper_bound(begins_, time);
  return std::min<std::size_t>(after - begins_.begin() - 1, intervals() - 1);
}

double Outlook::served(PlanId plan, Seconds from, Seconds to) const {
  const auto by = [&](Seconds time) {
    const std::size_t i = interval_at(time);
    return served_[plan][i] + rates_[i][plan] * (time - begins_[i]).count();
  };
  return by(to) - by(from);
}

Held Outlook::deployed(PlanId plan) const {
  const std::uint64_t all = advance_ == Advance::everything ? ~std::uint64_t{0} : 0;
  return move(Held((pieces_.size() + 63) / 64, all), plan).held;
}

Move Outlook::move(const Held& held, PlanId to) const {
  Move move{.bytes = ById<DeviceId, Bytes>(arrived_.size()), .held = Held(held.size(), 0)};
  ById<DeviceId, std::optional<Bytes>> room = room_[to];
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.needed_by[to.index()]) {
      add(move.held, i);
      if (!has(held, i)) move.bytes[piece.device] += piece.bytes;
    } else if (has(held, i)) {
      std::optional<Bytes>& left = room[piece.device];
      if (left && *left < piece.bytes) continue;
      if (left) *left -= piece.bytes;
      add(move.held, i);
    }
  }
  return move;
}

std::optional<Seconds> Outlook::arrival(Seconds begin, DeviceId device, Bytes bytes) const {
  if (bytes.value() == 0) return begin;
  const std::vector<double>& arrived = arrived_[device];
  const std::size_t first = interval_at(begin);
  const double by_then =
      arrived[first] + speed_of(inflow_[first][device]) * (begin - begins_[first]).count();
  const double wanted = by_then + static_cast<double>(bytes.value());
  const auto end = std::lower_bound(arrived.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                                    arrived.end(), wanted);
  if (end == arrived.end()) return std::nullopt;
  const auto i = static_cast<std::size_t>(end - arrived.begin()) - 1;
  return begins_[i] + Seconds((wanted - arrived[i]) / std::max(1.0, speed_of(inflow_[i][device])));
}

std::optional<Seconds> Outlook::ready(std::size_t interval, const Move& move, PlanId plan) const {
  Seconds end = begins_[interval];
  for (const DeviceId device : move.bytes.ids()) {
    const bool is_shared = contention_ != fleet::Contention::link;
    const auto there = arrival(is_shared ? end : begins_[interval], device, move.bytes[device]);
    if (!there) return std::nullopt;
    end = std::max(end, *there);
  }
  end += setup_;
  const std::size_t serves = serves_from_[plan][interval_at(end)];
  if (serves == intervals()) return std::nullopt;
  end = std::max(end, begins_[serves]) + latencies_[serves][plan];
  return end < begins_.back() ? std::optional(end) : std::nullopt;
}

std::optional<Seconds> Outlook::standstill(std::size_t interval, const Move& move,
                                           PlanId plan) const {
  const auto moving = move_time(move.bytes, inflow_[interval], contention_);
  if (!moving) return std::nullopt;
  return *moving + setup_ + latencies_[interval][plan];
}

}  // namespace convoy::plan
