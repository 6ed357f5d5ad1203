#include "plan/chain_search.h"

#include <algorithm>
#include <cmath>

namespace convoy::plan {
namespace {

using fleet::Contention;

template <class Owner>
auto entry_of(std::vector<std::pair<Owner, double>>& times, const Owner& owner) {
  return std::ranges::find(times, owner, &std::pair<Owner, double>::first);
}

}  // namespace

ChainSearch::ChainSearch(const CostGraph& graph, const fleet::Fleet& fleet,
                         std::optional<Requirement> required)
    : contention_(fleet.contention),
      stretches_(graph),
      kinds_(kinds_of(graph, fleet, required,
                      std::clamp(kMostStates / (graph.nodes.size() + 1), std::size_t{1024}, kMostSets))),
      completions_(stretches_, kinds_),
      links_(links_of(fleet, kinds_)),
      anything_takes_time_(std::ranges::any_of(links_.seconds_per_byte, [](const auto& row) {
        return std::ranges::any_of(row, [](double time) { return time > 0; });
      })) {}

// A boundary must be affordable on the quickest links: on a link or a radio at least each value
// alone (its readers may sit on different devices), on the medium all values together.
Completions::Transfers ChainSearch::sure_transfers() const {
  if (!transfers_count_) return {};
  Completions::Transfers sure{.boundaries = std::vector<bool>(stretches_.size() + 1, true),
                              .receiving = {},
                              .sending = {}};
  if (contention_ == Contention::radio) {
    sure.receiving = links_.receiving;
    sure.sending = links_.sending;
  }
  const double quickest = std::ranges::min(links_.receiving);
  for (std::size_t position = 1; position < stretches_.size(); ++position) {
    double bytes = 0;
    for (const Crossing& value : stretches_.crossings(position)) {
      const auto of_value = static_cast<double>(value.bytes.value());
      bytes = contention_ == Contention::medium ? bytes + of_value : std::max(bytes, of_value);
    }
    sure.boundaries[position] = bytes * quickest <= period_ * (1 + 1e-12);
  }
  return sure;
}

Seconds ChainSearch::bound(Seconds least, Seconds reached) {
  Seconds low = std::min(least, reached);
  Seconds high = reached;
  while (high - low > 1e-3 * high) {
    const Seconds middle = (low + high) / 2;
    completions_.compute(middle, kinds_.devices, {});
    (completions_.possible() ? high : low) = middle;
  }
  return low;
}

ChainSearch::Outcome ChainSearch::find(Seconds period, std::size_t most_stages,
                                       std::int64_t& steps) {
  period_ = period.count();
  most_stages_ = most_stages;
  transfers_count_ = anything_takes_time_ && std::isfinite(period_);
  steps_ = &steps;
  failed_.clear();
  medium_.reset();
  stages_.clear();
  completions_.compute(period, most_stages, sure_transfers());
  if (!completions_.possible()) return Outcome::none;
  if (transfers_count_ && contention_ == Contention::medium) {
    medium_.emplace(stretches_, kinds_, completions_, links_.receiving);
    if (medium_->at(0, kinds_.sets - 1) > period_ * (1 + 1e-12)) return Outcome::none;
  }
  if (!explore(State{})) return steps < 0 ? Outcome::out_of_steps : Outcome::none;
  placement_.clear();
  std::vector<std::size_t> members(kinds_.kinds.size(), 0);
  std::size_t from = 0;
  for (const auto& [kind, end] : stages_) {
    PlacedStage stage{.device = kinds_.kinds[kind].devices[members[kind]++], .nodes = {}};
    for (; from < end; ++from) stage.nodes.push_back(NodeId(from));
    placement_.push_back(std::move(stage));
  }
  return Outcome::found;
}

bool ChainSearch::explore(const State& state) {
  if (state.position == stretches_.size()) return true;
  if (state.stages == most_stages_) return false;
  auto [key, loads] = key_of(state);
  if (failed_.has(key, loads)) return false;
  for (std::size_t kind = 0; kind < kinds_.kinds.size(); ++kind) {
    const Kind& of = kinds_.kinds[kind];
    if (of.count_in(state.used) == of.devices.size()) continue;
    const std::size_t rest = kinds_.sets - 1 - state.used - of.weight;
    for (const std::size_t end :
         completions_.ends(kind, state.position, rest, most_stages_ - state.stages - 1)) {
      take_steps(stretches_.crossings(end).size());
      if (*steps_ < 0) return false;
      const std::optional<State> next = extended(state, kind, end);
      if (!next) continue;
      if (medium_ && next->medium + medium_->at(end, rest) > period_ * (1 + 1e-12)) continue;
      stages_.emplace_back(kind, end);
      if (explore(*next)) return true;
      stages_.pop_back();
    }
  }
  if (*steps_ >= 0) failed_.add(std::move(key), std::move(loads));
  return false;
}

// How long each owner sends to the stage [state.position, end) on a device of `kind`.
ChainSearch::OwnerTimes ChainSearch::received(const State& state, std::size_t kind,
                                              std::size_t end) const {
  OwnerTimes times;
  const std::vector<Crossing>& crossing = stretches_.crossings(state.position);
  for (std::size_t i = 0; i < crossing.size(); ++i) {
    if (crossing[i].next_reader >= end) continue;
    const Owner& owner = state.owners[i];
    const double time =
        static_cast<double>(crossing[i].bytes.value()) * links_.seconds_per_byte[owner.kind][kind];
    if (const auto at = entry_of(times, owner); at != times.end()) {
      at->second += time;
    } else {
      times.emplace_back(owner, time);
    }
  }
  return times;
}

// Adds transfers to what is shared; false if that exceeds the period.
bool ChainSearch::add_transfers(State& state, const OwnerTimes& received, Owner to) const {
  double total = 0;
  for (const auto& [owner, time] : received) {
    total += time;
    if (contention_ == Contention::link && time > period_) return false;
    if (contention_ == Contention::radio) {
      double& load = entry_of(state.radios, owner)->second;
      load += time;
      if (load > period_) return false;
    }
  }
  if (contention_ == Contention::radio) state.radios.emplace_back(to, total);
  if (contention_ == Contention::medium) state.medium += total;
  return contention_ == Contention::link ||
         (contention_ == Contention::radio ? total : state.medium) <= period_;
}

// The state after this stage; nothing if its transfers exceed the period.
std::optional<ChainSearch::State> ChainSearch::extended(const State& state, std::size_t kind,
                                                        std::size_t end) const {
  State next{.position = end,
             .stages = state.stages + 1,
             .used = state.used + kinds_.kinds[kind].weight,
             .owners = {},
             .radios = state.radios,
             .medium = state.medium};
  if (!transfers_count_) return next;
  const Owner here{kind, kinds_.kinds[kind].count_in(state.used)};
  if (!add_transfers(next, received(state, kind, end), here)) return std::nullopt;

  // Values that crossed the last boundary and cross this one keep their owner, and their order.
  std::size_t old = 0;
  for (const Crossing& value : stretches_.crossings(end)) {
    if (value.producer >= state.position) {
      next.owners.push_back(here);
      continue;
    }
    while (stretches_.crossings(state.position)[old].producer != value.producer) ++old;
    next.owners.push_back(state.owners[old]);
  }
  std::erase_if(next.radios, [&](const auto& radio) {
    return std::ranges::find(next.owners, radio.first) == next.owners.end();
  });
  return next;
}

// What decides how a state can go on. Devices of one kind are told apart by the order in which they
// own values only.
std::pair<std::string, Failures::Loads> ChainSearch::key_of(const State& state) const {
  std::string key;
  Failures::append(key, static_cast<std::uint32_t>(state.position));
  Failures::append(key, static_cast<std::uint32_t>(state.used));
  Failures::Loads loads;
  std::vector<Owner> seen;
  for (const Owner& owner : state.owners) {
    const auto at = std::ranges::find(seen, owner);
    Failures::append(key, static_cast<std::uint16_t>(at - seen.begin()));
    if (at != seen.end()) continue;
    Failures::append(key, static_cast<std::uint16_t>(owner.kind));
    seen.push_back(owner);
    if (contention_ == Contention::radio) {
      loads.push_back(std::ranges::find(state.radios, owner, &OwnerTimes::value_type::first)->second);
    }
  }
  if (contention_ == Contention::medium) loads.push_back(state.medium);
  return {std::move(key), std::move(loads)};
}

}  // namespace convoy::plan
