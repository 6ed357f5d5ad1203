#include "plan/chain_search.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <ranges>

namespace convoy::plan {
namespace {

using fleet::Contention;

bool same_link(const fleet::Link& a, const fleet::Link& b) { return a.bandwidth == b.bandwidth; }

template <class T>
void append(std::string& key, T number) {
  key.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace

ChainSearch::ChainSearch(const CostGraph& graph, const fleet::Fleet& fleet,
                         std::optional<DeviceId> required)
    : fleet_(&fleet), stretches_(graph) {
  group_devices(graph, required);
  number_sets();
  for (const DeviceId from : fleet.devices.ids()) {
    for (const DeviceId to : fleet.devices.ids()) {
      if (from != to && fleet.links[from][to].bandwidth.value() > 0) {
        anything_limits_transfers_ = true;
      }
    }
  }
}

// Whether exchanging the two changes nothing. Exchanges compose, so this is an equivalence.
bool ChainSearch::interchangeable(const CostGraph& graph, DeviceId a, DeviceId b) const {
  const auto& links = fleet_->links;
  if (graph.compute[a] != graph.compute[b] || graph.stage_overhead[a] != graph.stage_overhead[b] ||
      graph.runtime_memory[a] != graph.runtime_memory[b] ||
      fleet_->devices[a].memory != fleet_->devices[b].memory ||
      !same_link(links[a][b], links[b][a])) {
    return false;
  }
  return std::ranges::all_of(fleet_->devices.ids(), [&](DeviceId other) {
    return other == a || other == b ||
           (same_link(links[a][other], links[b][other]) &&
            same_link(links[other][a], links[other][b]));
  });
}

void ChainSearch::group_devices(const CostGraph& graph, std::optional<DeviceId> required) {
  for (const DeviceId device : fleet_->devices.ids()) {
    const auto same = std::ranges::find_if(kinds_, [&](const Kind& kind) {
      return device != required && !kind.required &&
             interchangeable(graph, kind.devices.front(), device);
    });
    if (same != kinds_.end()) {
      same->devices.push_back(device);
      continue;
    }
    Kind kind{.devices = {device}, .memory = std::nullopt, .required = device == required};
    const Bytes memory = fleet_->devices[device].memory;
    if (memory.value() > 0) kind.memory = memory - graph.runtime_memory[device];
    kinds_.push_back(std::move(kind));
  }
  std::ranges::stable_sort(kinds_, [&](const Kind& a, const Kind& b) {
    if (a.required != b.required) return a.required;
    return stretches_.compute(a.devices.front(), 0, stretches_.size()) <
           stretches_.compute(b.devices.front(), 0, stretches_.size());
  });
}

void ChainSearch::number_sets() {
  for (Kind& kind : kinds_) {
    while (!kind.devices.empty() && sets_ * (kind.devices.size() + 1) > kMostSets) {
      left_out_.push_back(kind.devices.back());
      kind.devices.pop_back();
    }
    kind.weight = sets_;
    sets_ *= kind.devices.size() + 1;
    devices_ += kind.devices.size();
  }
  std::erase_if(kinds_, [](const Kind& kind) { return kind.devices.empty(); });
}

double ChainSearch::seconds_per_byte(std::size_t from, std::size_t to) const {
  const DeviceId sender = kinds_[from].devices.front();
  const DeviceId receiver = from == to ? kinds_[to].devices.back() : kinds_[to].devices.front();
  const double rate = fleet_->links[sender][receiver].bandwidth.value();
  return rate > 0 ? 1 / rate : 0;
}

// Compute time and own weights only grow with a stretch, so the earliest start for a set follows
// from those of its subsets, and starting from an earlier end is never worse.
std::size_t ChainSearch::earliest_start(const Kind& kind, std::size_t end) const {
  std::size_t low = 0;
  std::size_t high = end;  // the empty stretch
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const bool fits = stretches_.compute(kind.devices.front(), middle, end) <= period_ &&
                      (!kind.memory || stretches_.own_weights(middle, end) <= *kind.memory);
    (fits ? high : low) = fits ? middle : middle + 1;
  }
  return high;
}

void ChainSearch::find_earliest_starts(std::size_t most_stages) {
  earliest_start_.assign(most_stages + 1, std::vector(sets_, stretches_.size()));
  for (std::size_t stages = 1; stages <= most_stages; ++stages) {
    for (std::size_t set = 1; set < sets_; ++set) {
      std::size_t& earliest = earliest_start_[stages][set];
      for (const Kind& kind : kinds_) {
        if (set / kind.weight % (kind.devices.size() + 1) == 0) continue;
        const std::size_t end = earliest_start_[stages - 1][set - kind.weight];
        earliest = std::min(earliest, earliest_start(kind, end));
      }
    }
  }
}

Seconds ChainSearch::bound() {
  const auto reachable = [&](Seconds period) {
    period_ = period;
    find_earliest_starts(devices_);
    return earliest_start_.back().back() == 0;
  };
  Seconds low{0};
  Seconds high = Seconds::max();
  for (const Kind& kind : kinds_) {
    high = std::min(high, stretches_.compute(kind.devices.front(), 0, stretches_.size()));
  }
  if (!reachable(high)) {
    // Memory: only the sum of all times is sure to do.
    high = Seconds(0);
    for (const Kind& kind : kinds_) {
      high += stretches_.compute(kind.devices.front(), 0, stretches_.size());
    }
    if (!reachable(high)) return Seconds(INFINITY);
  }
  while (high - low > 1e-9 * high) {
    const Seconds middle = (low + high) / 2;
    (reachable(middle) ? high : low) = middle;
  }
  return low;
}

ChainSearch::Outcome ChainSearch::find(Seconds period, std::size_t most_stages,
                                       std::int64_t& steps) {
  period_ = period;
  transfers_count_ = anything_limits_transfers_ && std::isfinite(period.count());
  steps_ = &steps;
  failed_.clear();
  stages_.clear();
  find_earliest_starts(most_stages);
  State start;
  start.members.assign(kinds_.size(), 0);
  const bool found = earliest_start_.back().back() == 0 && explore(start);
  if (!found) return steps < 0 ? Outcome::out_of_steps : Outcome::none;
  placement_.clear();
  std::vector<std::size_t> members(kinds_.size(), 0);
  std::size_t from = 0;
  for (const auto& [kind, end] : stages_) {
    PlacedStage stage{.device = kinds_[kind].devices[members[kind]++], .nodes = {}};
    for (; from < end; ++from) stage.nodes.push_back(NodeId(from));
    placement_.push_back(std::move(stage));
  }
  return Outcome::found;
}

bool ChainSearch::explore(const State& state) {
  if (state.position == stretches_.size()) {
    for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
      if (kinds_[kind].required && state.members[kind] == 0) return false;
    }
    return true;
  }
  if (state.stages + 1 == earliest_start_.size()) return false;
  auto [key, loads] = key_of(state);
  if (failed_before(key, loads)) return false;
  for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
    if (state.members[kind] < kinds_[kind].devices.size() && try_kind(state, kind)) return true;
  }
  if (*steps_ >= 0) remember_failure(std::move(key), std::move(loads));
  return false;
}

// One device of the kind takes the nodes from here on, as many as possible first.
bool ChainSearch::try_kind(const State& state, std::size_t kind) {
  const Kind& of = kinds_[kind];
  const std::size_t rest = sets_ - 1 - state.used - of.weight;
  const std::size_t stages_left = earliest_start_.size() - 2 - state.stages;
  const std::size_t first = std::max(state.position + 1, earliest_start_[stages_left][rest]);
  const auto ends = std::views::iota(first, stretches_.size() + 1);
  const auto too_far = std::ranges::partition_point(ends, [&](std::size_t end) {
    return stretches_.compute(of.devices.front(), state.position, end) <= period_;
  });
  for (const std::size_t end : std::ranges::subrange(ends.begin(), too_far) | std::views::reverse) {
    if (--*steps_ < 0) return false;
    if (of.memory &&
        stretches_.memory_from(state.position)[end - state.position - 1] > *of.memory) {
      continue;
    }
    const std::optional<State> next = extended(state, kind, end);
    if (!next) continue;
    stages_.emplace_back(kind, end);
    if (explore(*next)) return true;
    stages_.pop_back();
  }
  return false;
}

// The state after this stage; nothing if its transfers exceed the period.
std::optional<ChainSearch::State> ChainSearch::extended(const State& state, std::size_t kind,
                                                        std::size_t end) const {
  State next;
  next.position = end;
  next.stages = state.stages + 1;
  next.used = state.used + kinds_[kind].weight;
  next.members = state.members;
  const Owner here{kind, next.members[kind]++};
  if (!transfers_count_) return next;

  // Received from each owner.
  const std::vector<Crossing>& crossing = stretches_.crossings(state.position);
  std::vector<std::pair<Owner, double>> received;
  for (std::size_t i = 0; i < crossing.size(); ++i) {
    if (crossing[i].next_reader >= end) continue;
    const Owner owner = state.owners[i];
    const double time =
        static_cast<double>(crossing[i].bytes.value()) * seconds_per_byte(owner.kind, kind);
    const auto at = std::ranges::find(received, owner, &std::pair<Owner, double>::first);
    if (at == received.end()) {
      received.emplace_back(owner, time);
    } else {
      at->second += time;
    }
  }
  const double period = period_.count();
  next.radios = state.radios;
  next.medium = state.medium;
  double total = 0;
  for (const auto& [owner, time] : received) {
    total += time;
    if (fleet_->contention == Contention::link && time > period) return std::nullopt;
    if (fleet_->contention != Contention::radio) continue;
    double& load = std::ranges::find(next.radios, owner, &std::pair<Owner, double>::first)->second;
    load += time;
    if (load > period) return std::nullopt;
  }
  if (fleet_->contention == Contention::radio) {
    if (total > period) return std::nullopt;
    next.radios.emplace_back(here, total);
  }
  if (fleet_->contention == Contention::medium) {
    next.medium += total;
    if (next.medium > period) return std::nullopt;
  }

  // Values that crossed the last boundary and cross this one keep their owner, and their order.
  std::size_t old = 0;
  for (const Crossing& value : stretches_.crossings(end)) {
    if (value.producer >= state.position) {
      next.owners.push_back(here);
      continue;
    }
    while (crossing[old].producer != value.producer) ++old;
    next.owners.push_back(state.owners[old++]);
  }
  std::erase_if(next.radios, [&](const auto& radio) {
    return std::ranges::find(next.owners, radio.first) == next.owners.end();
  });
  return next;
}

// What decides how a state can go on. Devices of one kind are told apart by the order in which they
// own values only.
std::pair<std::string, ChainSearch::Loads> ChainSearch::key_of(const State& state) const {
  std::string key;
  append(key, static_cast<std::uint32_t>(state.position));
  append(key, static_cast<std::uint32_t>(state.used));
  Loads loads;
  std::vector<Owner> seen;
  for (const Owner& owner : state.owners) {
    const auto at = std::ranges::find(seen, owner);
    append(key, static_cast<std::uint16_t>(at - seen.begin()));
    if (at != seen.end()) continue;
    append(key, static_cast<std::uint16_t>(owner.kind));
    seen.push_back(owner);
    if (fleet_->contention == Contention::radio) {
      loads.push_back(
          std::ranges::find(state.radios, owner, &std::pair<Owner, double>::first)->second);
    }
  }
  if (fleet_->contention == Contention::medium) loads.push_back(state.medium);
  return {std::move(key), std::move(loads)};
}

bool ChainSearch::failed_before(const std::string& key, const Loads& loads) const {
  const auto at = failed_.find(key);
  return at != failed_.end() && std::ranges::any_of(at->second, [&](const Loads& failed) {
           return std::ranges::equal(failed, loads, std::less_equal());
         });
}

void ChainSearch::remember_failure(std::string key, Loads loads) {
  std::vector<Loads>& failures = failed_[std::move(key)];
  std::erase_if(failures, [&](const Loads& failed) {
    return std::ranges::equal(loads, failed, std::less_equal());
  });
  failures.push_back(std::move(loads));
}

}  // namespace convoy::plan
