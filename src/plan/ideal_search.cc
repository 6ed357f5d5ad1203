#include "plan/ideal_search.h"

#include <algorithm>
#include <map>

#include "plan/assignment.h"
#include "plan/evaluate.h"

namespace convoy::plan {
namespace {

using fleet::Contention;

constexpr double kTolerance = 1e-9;  // of a period

}  // namespace

IdealSearch::IdealSearch(const CostGraph& graph, const fleet::Fleet& fleet,
                         const Contraction& contraction, const Lattice& lattice,
                         const DeviceKinds& kinds)
    : graph_(graph),
      fleet_(fleet),
      contraction_(contraction),
      kinds_(kinds),
      builder_(graph, fleet, contraction, kinds),
      table_(lattice, contraction, kinds, builder_),
      links_(links_of(fleet, kinds)),
      done_(contraction.units.size(), 0) {}

IdealSearch::Outcome IdealSearch::run(Seconds bound, Seconds below, std::int64_t steps,
                                      const std::function<bool()>& stop) {
  steps_ = steps;
  stop_ = stop;
  Outcome outcome{.placement = std::nullopt, .bound = bound};
  if (!raise_limit(outcome, below)) return outcome;
  if (builder_.exact() || outcome.period <= outcome.bound * (1 + kTolerance)) {
    outcome.bound = outcome.period;
  } else {
    close_in(outcome);
  }
  return outcome;
}

// Limits from the bound up, in growing strides, until something is found below one.
bool IdealSearch::raise_limit(Outcome& outcome, Seconds below) {
  for (double stride = 0.01;; stride *= 2) {
    const double raised = outcome.bound.count() * (1 + stride);
    const double limit = raised > 0 ? std::min(raised, below.count()) : below.count();
    const bool is_ruled_out = table_.is_ruled_out(limit);
    if (!is_ruled_out && !table_.compute(limit, [&] { return stopped(); })) break;
    if (!is_ruled_out && table_.at(0, 0) < limit) {
      outcome.bound = std::max(outcome.bound, Seconds(table_.at(0, 0)));
      if (find(limit)) {
        keep(outcome);
        return true;
      }
      if (stopped()) break;
    }
    outcome.bound = std::max(outcome.bound, Seconds(std::min(limit, below.count())));
    if (limit >= below.count()) return false;
  }
  outcome.complete = false;
  return false;
}

// Between the bound and the period, in growing strides from the bound up, as it is often nearly
// met.
void IdealSearch::close_in(Outcome& outcome) {
  if (fleet_.multicast) {  // who sends what to whom is not searched for that
    outcome.complete = false;
    return;
  }
  double stride = 1e-4;
  while (outcome.period - outcome.bound > kTolerance * outcome.period) {
    const Seconds middle = (outcome.bound + outcome.period) / 2;
    const Seconds limit = std::min(middle, outcome.bound * (1 + stride));
    if (find(limit.count())) {
      keep(outcome);
    } else if (stopped()) {
      outcome.complete = false;
      return;
    } else {
      outcome.bound = limit;
    }
    stride *= 4;
  }
  outcome.bound = outcome.period;
}

void IdealSearch::keep(Outcome& outcome) const {
  Placement found = placement();
  const Seconds period = evaluate(graph_, fleet_, found).period;
  if (outcome.placement && period >= outcome.period) return;
  outcome.placement = std::move(found);
  outcome.period = period;
}

bool IdealSearch::find(double limit) {
  failed_.clear();
  path_.clear();
  std::ranges::fill(done_, 0);
  return explore(State{}, limit);
}

bool IdealSearch::explore(const State& state, double limit) {
  if (std::ranges::all_of(done_, [](char done) { return done != 0; })) return true;
  auto [key, loads] = key_of(state);
  if (failed_.has(key, loads)) return false;
  for (Stage& stage : stages_from(state, limit)) {
    if (--steps_ < 0 || stop_()) return false;
    const std::optional<State> next = extended(state, stage, limit);
    if (!next) continue;
    for (const UnitId unit : stage.units) done_[unit] = 1;
    path_.push_back(std::move(stage));
    if (explore(*next, limit)) return true;
    for (const UnitId unit : path_.back().units) done_[unit] = 0;
    path_.pop_back();
  }
  failed_.add(std::move(key), std::move(loads));
  return false;
}

// Those that the table can complete, the most promising first.
std::vector<IdealSearch::Stage> IdealSearch::stages_from(const State& state, double limit) {
  struct Candidate {
    double period;
    Stage stage;
  };
  std::vector<Candidate> candidates;
  table_.for_each_stage(state.ideal, limit, [&](Lattice::Ideal end) {
    for (std::size_t kind = 0; kind < kinds_.kinds.size(); ++kind) {
      const Kind& of = kinds_.kinds[kind];
      if (of.count_in(state.used) == of.devices.size()) continue;
      const double rest = table_.at(end, state.used + of.weight);
      const double load = builder_.load(kind);
      if (rest >= limit || load >= limit || !builder_.fits(kind)) continue;
      candidates.push_back({std::max(rest, load), {end, kind, builder_.units()}});
    }
  });
  std::ranges::stable_sort(candidates, {}, &Candidate::period);
  std::vector<Stage> stages;
  for (Candidate& candidate : candidates) stages.push_back(std::move(candidate.stage));
  return stages;
}

// The state after this stage; nothing if its transfers exceed the limit.
std::optional<IdealSearch::State> IdealSearch::extended(const State& state, const Stage& stage,
                                                        double limit) const {
  State next{.ideal = stage.end,
             .used = state.used + kinds_.kinds[stage.kind].weight,
             .crossing = {},
             .loads = state.loads,
             .medium = state.medium};
  if (builder_.exact() || fleet_.multicast) return next;
  const Owner here{stage.kind, kinds_.kinds[stage.kind].count_in(state.used)};
  const auto in_stage = [&](UnitId unit) { return std::ranges::contains(stage.units, unit); };
  const auto is_open = [&](UnitId unit) { return !done_[unit] && !in_stage(unit); };
  const auto share = [&](std::size_t kind) {
    return fleet_.devices[kinds_.kinds[kind].devices.front()].transfer_load;
  };

  std::map<Owner, double> received;
  for (const auto& [net, owner] : state.crossing) {
    const auto& members = contraction_.nets[net].members;
    if (std::ranges::any_of(members, in_stage)) {
      received[owner] += static_cast<double>(contraction_.nets[net].bytes.value()) *
                         links_.seconds_per_byte[owner.kind][stage.kind];
    }
    if (std::ranges::any_of(members, is_open)) next.crossing.push_back({net, owner});
  }
  Load own{.owner = here,
           .busy = graph_.stage_overhead[kinds_.kinds[stage.kind].devices.front()].count()};
  for (const UnitId unit : stage.units) own.busy += builder_.compute_of(unit, stage.kind);
  double total = 0;
  for (const auto& [owner, time] : received) {
    Load& sender = *std::ranges::find(next.loads, owner, &Load::owner);
    sender.busy += share(owner.kind) * time;
    sender.radio += time;
    total += time;
    if (sender.busy >= limit || (fleet_.contention == Contention::link && time >= limit) ||
        (fleet_.contention == Contention::radio && sender.radio >= limit)) {
      return std::nullopt;
    }
  }
  own.busy += share(stage.kind) * total;
  own.radio = total;
  next.medium += total;
  if (own.busy >= limit || (fleet_.contention == Contention::radio && own.radio >= limit) ||
      (fleet_.contention == Contention::medium && next.medium >= limit)) {
    return std::nullopt;
  }
  for (const UnitId unit : stage.units) {
    for (const NetId net : contraction_.units[unit].nets) {
      if (contraction_.nets[net].producer == unit &&
          std::ranges::any_of(contraction_.nets[net].members, is_open)) {
        next.crossing.push_back({net, here});
      }
    }
  }
  std::ranges::sort(next.crossing, {}, &Crossing::net);
  next.loads.push_back(own);
  std::erase_if(next.loads, [&](const Load& load) {
    return !std::ranges::contains(next.crossing, load.owner, &Crossing::owner);
  });
  return next;
}

// What decides how a state can go on. Devices of one kind are told apart by the order in which they
// own nets only.
std::pair<std::string, Failures::Loads> IdealSearch::key_of(const State& state) const {
  std::string key;
  Failures::append(key, state.ideal);
  Failures::append(key, static_cast<std::uint32_t>(state.used));
  Failures::Loads loads;
  std::vector<Owner> seen;
  for (const auto& [net, owner] : state.crossing) {
    const auto at = std::ranges::find(seen, owner);
    Failures::append(key, static_cast<std::uint16_t>(at - seen.begin()));
    if (at != seen.end()) continue;
    Failures::append(key, static_cast<std::uint16_t>(owner.kind));
    seen.push_back(owner);
    const Load& load = *std::ranges::find(state.loads, owner, &Load::owner);
    const DeviceId device = kinds_.kinds[owner.kind].devices.front();
    if (fleet_.devices[device].transfer_load > 0) loads.push_back(load.busy);
    if (fleet_.contention == Contention::radio) loads.push_back(load.radio);
  }
  if (fleet_.contention == Contention::medium) loads.push_back(state.medium);
  return {std::move(key), std::move(loads)};
}

Placement IdealSearch::placement() const {
  ById<UnitId, DeviceId> device_of(contraction_.units.size());
  std::vector<UnitId> order;
  std::vector<std::size_t> members(kinds_.kinds.size(), 0);
  for (const Stage& stage : path_) {
    const DeviceId device = kinds_.kinds[stage.kind].devices[members[stage.kind]++];
    for (const UnitId unit : stage.units) {
      device_of[unit] = device;
      order.push_back(unit);
    }
  }
  return stages_of(graph_, devices_of_nodes(graph_, contraction_, device_of, order));
}

}  // namespace convoy::plan
