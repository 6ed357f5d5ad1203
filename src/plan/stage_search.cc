#include "plan/stage_search.h"

#include <algorithm>
#include <limits>
#include <ranges>

#include "plan/failures.h"

namespace convoy::plan {
namespace {

using fleet::Contention;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostRests = 4'000'000;  // ideals and sets

}  // namespace

StageSearch::StageSearch(const CostGraph& graph, const fleet::Fleet& fleet,
                         const Contraction& contraction, const Lattice& lattice,
                         const DeviceKinds& kinds, Front& front)
    : graph_(graph),
      fleet_(fleet),
      contraction_(contraction),
      lattice_(lattice),
      kinds_(kinds),
      front_(front),
      builder_(graph, fleet, contraction, kinds),
      links_(links_of(fleet, kinds)),
      wants_latency_(std::ranges::contains(front.objectives(), Objective::latency)),
      wants_loads_(front.objectives() != std::vector{Objective::latency}),
      is_exact_(transfers_overlap(fleet)),
      done_(contraction.units.size(), 0),
      in_stage_(contraction.units.size(), 0) {
  for (const std::vector<double>& row : links_.latency) {
    least_latency_.push_back(std::ranges::min(row));
  }
}

bool StageSearch::run(std::size_t most_labels, const std::function<bool()>& stop) {
  most_labels_ = most_labels;
  stop_ = stop;
  labels_ = {Label{}};
  standing_.assign(lattice_.size(), {});
  standing_[0][""] = {0};
  seen_.assign(lattice_.size(), 0);
  enumeration_ = 0;
  for (Lattice::Ideal ideal = 0; ideal + 1 < lattice_.size(); ++ideal) {
    if (standing_[ideal].empty()) continue;
    if (stop_() || labels_.size() > most_labels_) return false;
    expand(ideal);
    standing_[ideal].clear();
  }
  return true;
}

// What the devices outside the set have to do at least; of all, where sets and ideals are many.
const StageSearch::Rests& StageSearch::rests_without(std::size_t used) {
  if (lattice_.size() * kinds_.sets > kMostRests) used = 0;
  const auto [at, added] = rests_.try_emplace(used);
  Rests& rests = at->second;
  if (!added) return rests;
  rests.overhead = rests.overhead_energy = kInfinity;
  std::vector<double> times(contraction_.units.size(), kInfinity);
  std::vector<double> energies(contraction_.units.size(), kInfinity);
  for (std::size_t kind = 0; kind < kinds_.kinds.size(); ++kind) {
    const DeviceId device = kinds_.kinds[kind].devices.front();
    if (kinds_.kinds[kind].count_in(used) == kinds_.kinds[kind].devices.size()) continue;
    const auto& power = fleet_.devices[device].power;
    const double watts = power ? power->busy.value() : 0;
    for (const UnitId unit : contraction_.units.ids()) {
      const double time = builder_.compute_of(unit, kind);
      times[unit.index()] = std::min(times[unit.index()], time);
      energies[unit.index()] = std::min(energies[unit.index()], watts * time);
    }
    const double overhead = graph_.stage_overhead[device].count();
    rests.overhead = std::min(rests.overhead, overhead);
    rests.overhead_energy = std::min(rests.overhead_energy, watts * overhead);
  }
  rests.tail.assign(contraction_.units.size(), 0);
  for (std::size_t i = contraction_.units.size(); i-- > 0;) {
    for (const UnitId next : contraction_.units[UnitId(i)].successors) {
      rests.tail[i] = std::max(rests.tail[i], rests.tail[next.index()]);
    }
    rests.tail[i] += times[i];
  }
  rests.rests.resize(lattice_.size());
  for (std::size_t ideal = lattice_.size() - 1; ideal-- > 0;) {
    const auto& [unit, larger] = lattice_.covers(static_cast<Lattice::Ideal>(ideal)).front();
    Rest& rest = rests.rests[ideal];
    rest = rests.rests[larger];
    rest.path = std::max(rest.path, rests.tail[unit.index()]);
    rest.work += times[unit.index()];
    rest.largest = std::max(rest.largest, times[unit.index()]);
    rest.energy += energies[unit.index()];
  }
  return rests;
}

// All stages that begin at an ideal, for all labels that stand there.
void StageSearch::expand(Lattice::Ideal from) {
  std::ranges::fill(done_, 0);
  for (std::size_t label = standing_[from].begin()->second.front(); label != 0;
       label = labels_[label].parent) {
    for (const UnitId unit : labels_[label].units) done_[unit] = 1;
  }
  ++enumeration_;
  builder_.clear();
  grow(from, from);
}

void StageSearch::grow(Lattice::Ideal from, Lattice::Ideal ideal) {
  for (const auto& [unit, larger] : lattice_.covers(ideal)) {
    if (seen_[larger] == enumeration_ || stop_()) continue;
    seen_[larger] = enumeration_;
    builder_.add(unit);
    in_stage_[unit] = 1;
    bool possible = false;
    for (std::size_t kind = 0; kind < kinds_.kinds.size(); ++kind) {
      possible = possible || builder_.weights_fit(kind);
    }
    if (possible) {
      visit(from, larger);
      grow(from, larger);
    }
    in_stage_[unit] = 0;
    builder_.remove_last();
  }
}

// One stage, on each kind of device, after each label.
void StageSearch::visit(Lattice::Ideal from, Lattice::Ideal to) {
  for (std::uint32_t kind = 0; kind < kinds_.kinds.size(); ++kind) {
    if (!builder_.fits(kind)) continue;
    const Kind& of = kinds_.kinds[kind];
    for (const auto& [key, labels] : standing_[from]) {
      for (const std::size_t parent : labels) {
        if (of.count_in(labels_[parent].used) == of.devices.size()) continue;
        Label label = extended(parent, kind);
        if (!is_promising(label, to)) continue;
        label.units = builder_.units();
        if (to + 1 == lattice_.size()) {
          offer(label);
        } else {
          keep(std::move(label), to);
        }
      }
    }
  }
}

StageSearch::Label StageSearch::extended(std::size_t parent, std::uint32_t kind) const {
  const Label& before = labels_[parent];
  const Kind& of = kinds_.kinds[kind];
  Label label{.parent = parent,
              .used = before.used + of.weight,
              .kind = kind,
              .is_bound = before.is_bound,
              .units = {},
              .open = before.open,
              .crossing = {},
              .latest = before.latest,
              .period = before.period,
              .medium = before.medium,
              .medium_free = before.medium_free,
              .active = before.active,
              .idle = before.idle};
  const auto in_stage = [&](UnitId unit) { return in_stage_[unit] != 0; };
  const auto is_left = [&](UnitId unit) { return !done_[unit] && !in_stage_[unit]; };

  // What each open stage sends here: senders in their order, as evaluate() has it.
  std::vector<double> sent(label.open.size(), 0);
  std::vector<char> sends(label.open.size(), 0);
  for (const auto& [net, open] : before.crossing) {
    const auto& members = contraction_.nets[net].members;
    if (std::ranges::any_of(members, in_stage)) {
      sends[open] = 1;
      sent[open] += static_cast<double>(contraction_.nets[net].bytes.value()) *
                    links_.seconds_per_byte[label.open[open].kind][kind];
    }
    if (std::ranges::any_of(members, is_left)) label.crossing.push_back({net, open});
  }
  // evaluate() gives way to all that earlier stages send, ever. Where one of them has more to send
  // than is known yet, nobody waits here, so that the label bounds what it leads to.
  const bool takes_turns = wants_latency_ && fleet_.contention != Contention::link;
  for (const Crossing& left : label.crossing) {
    const auto behind = static_cast<std::ptrdiff_t>(left.open) + 1;
    const bool overtakes = std::ranges::contains(sends.begin() + behind, sends.end(), 1);
    label.is_bound = label.is_bound || (takes_turns && overtakes);
  }

  Open here{.kind = kind};
  double start = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (!sends[i]) continue;
    Open& sender = label.open[i];
    double begin = sender.end;
    if (fleet_.contention == Contention::link) {
      label.period = std::max(label.period, sent[i]);
    } else if (fleet_.contention == Contention::radio) {
      if (!label.is_bound) begin = std::max({begin, sender.radio_free, here.radio_free});
      sender.radio_free = here.radio_free = begin + sent[i];
      sender.radio += sent[i];
      here.radio += sent[i];
      label.period = std::max({label.period, sender.radio, here.radio});
    } else {
      if (!label.is_bound) begin = std::max(begin, label.medium_free);
      label.medium_free = begin + sent[i];
      label.medium += sent[i];
      label.period = std::max(label.period, label.medium);
    }
    start = std::max(start, begin + sent[i] + links_.latency[sender.kind][kind]);
  }
  const double compute = builder_.compute(kind);
  here.end = start + compute;
  label.latest = std::max(label.latest, here.end);
  label.period = std::max(label.period, compute);
  if (const auto& power = fleet_.devices[of.devices.front()].power) {
    label.active += (power->busy - power->idle).value() * compute;
    label.idle += power->idle.value();
  }

  label.open.push_back(here);
  const auto self = static_cast<std::uint32_t>(label.open.size() - 1);
  for (const UnitId unit : builder_.units()) {
    for (const NetId net : contraction_.units[unit].nets) {
      if (contraction_.nets[net].producer == unit &&
          std::ranges::any_of(contraction_.nets[net].members, is_left)) {
        label.crossing.push_back({net, self});
      }
    }
  }
  std::ranges::sort(label.crossing, {}, &Crossing::net);
  // Stages that nobody reads from any more are no longer open.
  std::vector<std::uint32_t> number(label.open.size(), 0);
  for (const Crossing& crossing : label.crossing) number[crossing.open] = 1;
  std::vector<Open> still;
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (!number[i]) continue;
    number[i] = static_cast<std::uint32_t>(still.size());
    still.push_back(label.open[i]);
  }
  for (Crossing& crossing : label.crossing) crossing.open = number[crossing.open];
  label.open = std::move(still);
  return label;
}

// Whether the least that it can lead to is better than what is known.
bool StageSearch::is_promising(const Label& label, Lattice::Ideal ideal) {
  const std::size_t left = kinds_.devices - [&] {
    std::size_t used = 0;
    for (const Kind& kind : kinds_.kinds) used += kind.count_in(label.used);
    return used;
  }();
  const bool is_done = ideal + 1 == lattice_.size();
  if (!is_done && left == 0) return false;
  double latency = label.latest;
  double period = label.period;
  double energy = label.active;
  if (!is_done) {
    const Rests& rests = rests_without(label.used);
    const Rest& rest = rests.rests[ideal];
    const double share = rest.work / static_cast<double>(left);
    latency = std::max(latency, rests.overhead + std::max(rest.path, share));
    for (const auto& [net, open] : label.crossing) {
      const std::uint32_t kind = label.open[open].kind;
      const double there =
          label.open[open].end + least_latency_[kind] +
          links_.sending[kind] * static_cast<double>(contraction_.nets[net].bytes.value());
      for (const UnitId unit : contraction_.nets[net].members) {
        if (done_[unit] || in_stage_[unit]) continue;
        latency = std::max(latency, there + rests.overhead + rests.tail[unit.index()]);
      }
    }
    period = std::max(period, rests.overhead + std::max(rest.largest, share));
    energy += rest.energy + rests.overhead_energy;
  }
  energy += label.idle * period;
  std::vector<double> least;
  for (const Objective objective : front_.objectives()) {
    least.push_back(objective == Objective::latency  ? latency
                    : objective == Objective::energy ? energy
                                                     : period);
  }
  return !front_.covers(least);
}

// In all that what follows can depend on; both with the same key in keep().
bool StageSearch::is_no_worse(const Label& a, const Label& b) const {
  if (a.is_bound || b.is_bound) return false;
  const bool of_request =
      !wants_latency_ || (a.latest <= b.latest && a.medium_free <= b.medium_free);
  const bool of_loads =
      !wants_loads_ || (a.period <= b.period && a.medium <= b.medium && a.active <= b.active);
  if (!of_request || !of_loads) return false;
  for (std::size_t i = 0; i < a.crossing.size(); ++i) {
    const Open& x = a.open[a.crossing[i].open];
    const Open& y = b.open[b.crossing[i].open];
    if (wants_latency_ && (x.end > y.end || x.radio_free > y.radio_free)) return false;
    if (wants_loads_ && x.radio > y.radio) return false;
  }
  return true;
}

// Of labels that have done the same with the same kinds of devices, in whatever order, and in which
// devices of the same kinds have what is still to be sent.
void StageSearch::keep(Label label, Lattice::Ideal ideal) {
  std::string key;
  std::vector<std::uint32_t> seen;
  Failures::append(key, label.used);
  for (const auto& [net, open] : label.crossing) {
    const auto at = std::ranges::find(seen, open);
    Failures::append(key, static_cast<std::uint16_t>(at - seen.begin()));
    if (at != seen.end()) continue;
    Failures::append(key, label.open[open].kind);
    if (fleet_.contention != Contention::link) Failures::append(key, open);  // who goes first
    seen.push_back(open);
  }
  std::vector<std::size_t>& others = standing_[ideal][key];
  if (is_exact_ && !label.is_bound) {
    const auto at_least_as_good = [&](std::size_t i) { return is_no_worse(labels_[i], label); };
    if (std::ranges::any_of(others, at_least_as_good)) return;
    std::erase_if(others, [&](std::size_t i) { return is_no_worse(label, labels_[i]); });
  }
  others.push_back(labels_.size());
  labels_.push_back(std::move(label));
}

void StageSearch::offer(const Label& label) {
  std::vector<const Label*> stages;
  for (const Label* at = &label; !at->units.empty(); at = &labels_[at->parent]) {
    stages.push_back(at);
  }
  std::vector<std::size_t> members(kinds_.kinds.size(), 0);
  Placement placement;
  for (const Label* const stage : stages | std::views::reverse) {
    PlacedStage placed{.device = kinds_.kinds[stage->kind].devices[members[stage->kind]++],
                       .nodes = {}};
    for (const UnitId unit : stage->units) {
      const auto& nodes = contraction_.units[unit].nodes;
      placed.nodes.insert(placed.nodes.end(), nodes.begin(), nodes.end());
    }
    std::ranges::sort(placed.nodes);
    placement.push_back(std::move(placed));
  }
  front_.offer(std::move(placement));
}

}  // namespace convoy::plan
