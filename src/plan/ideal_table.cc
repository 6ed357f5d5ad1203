#include "plan/ideal_table.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <optional>
#include <utility>

#include "plan/relative_work.h"

namespace convoy::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRounding = 1 + 1e-9;

}  // namespace

IdealTable::IdealTable(const Lattice& lattice, const Contraction& contraction,
                       const DeviceKinds& kinds, StageBuilder& builder)
    : lattice_(&lattice),
      kinds_(&kinds),
      builder_(&builder),
      work_(lattice.size(), 0),
      crossing_(lattice.size(), 0),
      returning_(lattice.size(), 0),
      compute_(lattice.size() * kinds.kinds.size(), 0),
      seen_(lattice.size(), 0) {
  assert(lattice.size() * kinds.sets <= kMostStates);
  std::vector<std::vector<double>> seconds;
  for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
    std::vector<double>& of_kind = seconds.emplace_back();
    for (const UnitId unit : contraction.units.ids()) {
      of_kind.push_back(builder.compute_of(unit, kind));
    }
  }
  auto [speed, work] = relative_work(seconds);
  unit_work_ = std::move(work);
  for (std::size_t set = 0; set < kinds.sets; ++set) {
    OfSet& of = of_sets_.emplace_back();
    for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
      const std::size_t count = kinds.kinds[kind].count_in(set);
      if (count == 0) continue;
      const bool first = of.speed == 0;
      of.speed += static_cast<double>(count) * speed[kind];
      const double sending = builder.sending(kind) * speed[kind];
      const double receiving = builder.receiving(kind) * speed[kind];
      of.sending = first ? sending : std::min(of.sending, sending);
      of.receiving = first ? receiving : std::min(of.receiving, receiving);
    }
  }
  ++enumeration_;
  builder.clear();
  measure(0);
  find_narrows();
}

void IdealTable::measure(Ideal from) {
  crossing_[from] = static_cast<double>(builder_->sent().value());
  returning_[from] = static_cast<double>(builder_->received().value());
  for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
    compute_[from * kinds_->kinds.size() + kind] = builder_->compute(kind);
  }
  for (const auto& [unit, ideal] : lattice_->covers(from)) {
    if (seen_[ideal] == enumeration_) continue;
    seen_[ideal] = enumeration_;
    work_[ideal] = work_[from] + unit_work_[unit.index()];
    builder_->add(unit);
    measure(ideal);
    builder_->remove_last();
  }
}

// Ideals that all others are part of or contain, with one last unit that alone has to do with what
// comes behind.
void IdealTable::find_narrows() {
  const std::size_t ideals = lattice_->size();
  if (builder_->additive()) {
    std::vector<std::size_t> size(ideals, 0);
    std::vector<std::size_t> ways_in(ideals, 0);
    std::vector<std::size_t> of_size(ideals + 1, 0);
    std::vector<UnitId> last(ideals);
    for (Ideal ideal = 0; ideal < ideals; ++ideal) {
      ++of_size[size[ideal]];
      for (const auto& [unit, larger] : lattice_->covers(ideal)) {
        size[larger] = size[ideal] + 1;
        ++ways_in[larger];
        last[larger] = unit;
      }
    }
    builder_->clear();
    // Along any path from the first ideal to the last; it leads through all narrows.
    for (Ideal ideal = 0; !lattice_->covers(ideal).empty();) {
      const auto& [unit, larger] = lattice_->covers(ideal).front();
      builder_->add(unit);
      ideal = larger;
      if (of_size[size[ideal]] == 1 && ways_in[ideal] == 1 && builder_->crosses_at(last[ideal])) {
        narrows_.push_back(ideal);
      }
    }
  }
  // Where that does not hold there is no narrow, and all is one block.
  if (narrows_.empty() || narrows_.back() + 1 != ideals) {
    narrows_.push_back(static_cast<Ideal>(builder_->additive() ? ideals - 1 : ideals));
  }
}

IdealTable::Ideal IdealTable::block_end(Ideal ideal) const {
  return *std::ranges::upper_bound(narrows_, ideal);
}

// Makes the ends of stages that begin before `narrow` and reach it.
void IdealTable::take_ends_from(Ideal narrow) {
  const std::size_t kinds = kinds_->kinds.size();
  const Ideal until = first_taken_;
  if (narrow >= until) return;
  first_taken_ = narrow;
  in_block_.assign(kinds_->sets, kInfinity);
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    for (std::size_t set = 0; set < kinds_->sets; ++set) {
      std::vector<End>& ends = ends_[kind * kinds_->sets + set];
      for (Ideal ideal = first_taken_; ideal < until; ++ideal) {
        const double period = at(ideal, set);
        if (period == kInfinity) continue;
        ends.push_back({compute_[ideal * kinds + kind] +
                            builder_->sending(kind) * crossing_[ideal] +
                            builder_->receiving(kind) * returning_[ideal],
                        period});
      }
      std::ranges::sort(ends, {}, [](const End& end) { return std::pair(end.load, end.period); });
      std::size_t kept = 0;
      for (const End& end : ends) {
        if (kept == 0 || end.period < ends[kept - 1].period) ends[kept++] = end;
      }
      ends.resize(kept);
    }
  }
}

// Stages from here that reach the end of the block.
void IdealTable::leave_block(Ideal from, const std::vector<std::size_t>& useful, double limit) {
  const std::size_t kinds = kinds_->kinds.size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const Kind& of = kinds_->kinds[kind];
    const double start = builder_->receiving(kind) * crossing_[from] +
                         builder_->sending(kind) * returning_[from] -
                         compute_[from * kinds + kind] + compute_[kind];
    for (const std::size_t set : useful) {
      if (of.count_in(set) == of.devices.size()) continue;
      // The first end whose load is what counts, and the one before it.
      const std::vector<End>& ends = ends_[kind * kinds_->sets + set + of.weight];
      auto end = std::ranges::partition_point(
          ends, [&](const End& one) { return start + one.load < one.period; });
      double longest = end != ends.end() ? start + end->load : kInfinity;
      if (end != ends.begin()) longest = std::min(longest, std::prev(end)->period);
      if (longest >= limit) continue;
      double& here = best_[from * kinds_->sets + set];
      here = std::min(here, longest);
    }
  }
}

// The sets that can have done this ideal and sent what the rest reads, while the others can receive
// it and do the rest.
std::vector<std::size_t> IdealTable::useful_sets(Ideal ideal, double limit) const {
  if (ideal == 0) return {0};
  std::vector<std::size_t> sets;
  const double rest = work_.back() - work_[ideal];
  for (std::size_t set = 1; set < kinds_->sets; ++set) {
    const std::size_t others = kinds_->sets - 1 - set;
    const double before = work_[ideal] + crossing_[ideal] * of_sets_[set].sending;
    const double after = rest + crossing_[ideal] * of_sets_[others].receiving;
    if (before <= limit * of_sets_[set].speed * kRounding &&
        after <= limit * of_sets_[others].speed * kRounding) {
      sets.push_back(set);
    }
  }
  return sets;
}

void IdealTable::begin() {
  const std::size_t sets = kinds_->sets;
  best_.assign(lattice_->size() * sets, kInfinity);
  std::fill(best_.end() - static_cast<std::ptrdiff_t>(sets), best_.end(), 0);
  ends_.assign(kinds_->kinds.size() * sets, {});
  first_taken_ = static_cast<Ideal>(lattice_->size());
  in_block_.assign(sets, 0);  // of the last ideal, where there is no narrow
}

// From the last ideal to the first. `stay` looks at the stages that end in the block of their
// start.
bool IdealTable::sweep(double limit, const std::function<bool()>& stop, const Stay& stay) {
  begin();
  for (Ideal from = static_cast<Ideal>(lattice_->size() - 1); from-- > 0;) {
    const Ideal narrow = block_end(from);
    take_ends_from(narrow);
    const std::vector<std::size_t> useful = useful_sets(from, limit);
    if (useful.empty()) continue;
    if (stop()) return false;
    leave_block(from, useful, limit);
    stay(from, narrow, useful);
    for (const std::size_t set : useful) in_block_[set] = std::min(in_block_[set], at(from, set));
  }
  return true;
}

bool IdealTable::is_ruled_out(double limit) {
  if (narrows_.size() < 2) return false;
  const auto stay_for_free = [&](Ideal from, Ideal, const std::vector<std::size_t>& useful) {
    for (const std::size_t set : useful) {
      double& here = best_[from * kinds_->sets + set];
      for (const Kind& kind : kinds_->kinds) {
        if (kind.count_in(set) == kind.devices.size()) continue;
        here = std::min(here, in_block_[set + kind.weight]);
      }
    }
  };
  return sweep(limit, [] { return false; }, stay_for_free) && at(0, 0) >= limit;
}

bool IdealTable::compute(double limit, const std::function<bool()>& stop) {
  return sweep(limit, stop, [&](Ideal from, Ideal narrow, const std::vector<std::size_t>& useful) {
    if (ends_in_block(useful)) stay_in_block(from, narrow, useful, limit);
  });
}

// Whether anything in the block can be completed after one more stage.
bool IdealTable::ends_in_block(const std::vector<std::size_t>& useful) const {
  return std::ranges::any_of(useful, [&](std::size_t set) {
    return std::ranges::any_of(kinds_->kinds, [&](const Kind& kind) {
      return kind.count_in(set) < kind.devices.size() && in_block_[set + kind.weight] < kInfinity;
    });
  });
}

void IdealTable::stay_in_block(Ideal from, Ideal narrow, const std::vector<std::size_t>& useful,
                               double limit) {
  const std::size_t sets = kinds_->sets;
  double* const here = &best_[from * sets];
  for_each_stage(from, narrow, limit, [&](Ideal to) {
    const double* const there = &best_[to * sets];
    for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
      const double load = builder_->load(kind);
      if (load >= limit) continue;
      const Kind& of = kinds_->kinds[kind];
      std::optional<bool> fits;  // asked only where it matters
      for (const std::size_t set : useful) {
        if (of.count_in(set) == of.devices.size()) continue;
        const double longest = std::max(load, there[set + of.weight]);
        if (longest >= here[set] || longest >= limit) continue;
        if (!fits) fits = builder_->fits(kind);
        if (!*fits) break;
        here[set] = longest;
      }
    }
  });
}

void IdealTable::for_each_stage(Ideal from, double limit, const std::function<void(Ideal)>& visit) {
  for_each_stage(from, static_cast<Ideal>(lattice_->size()), limit, visit);
}

void IdealTable::for_each_stage(Ideal from, Ideal behind, double limit,
                                const std::function<void(Ideal)>& visit) {
  behind_ = behind;
  ++enumeration_;
  builder_->clear();
  extend(from, limit, visit);
}

void IdealTable::extend(Ideal from, double limit, const std::function<void(Ideal)>& visit) {
  for (const auto& [unit, ideal] : lattice_->covers(from)) {
    if (seen_[ideal] == enumeration_ || ideal >= behind_) continue;
    seen_[ideal] = enumeration_;
    builder_->add(unit);
    bool possible = false;
    for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
      possible = possible || (builder_->least_load(kind) < limit && builder_->weights_fit(kind));
    }
    if (possible) {
      visit(ideal);
      extend(ideal, limit, visit);
    }
    builder_->remove_last();
  }
}

}  // namespace convoy::plan
