#include "plan/ideal_table.h"

#include <algorithm>
#include <cassert>
#include <limits>

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
      speed_(kinds.sets, 0),
      work_(lattice.size(), 0),
      seen_(lattice.size(), 0) {
  assert(lattice.size() * kinds.sets <= kMostStates);
  // A kind's speed: the whole graph takes it a second of work each. A unit's work: what the kind
  // that is relatively quickest at it makes of it, so that no kind does it with less.
  std::vector<double> speed;
  for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
    double whole = 0;
    for (const UnitId unit : contraction.units.ids()) whole += builder.compute_of(unit, kind);
    speed.push_back(whole > 0 ? 1 / whole : kInfinity);
  }
  for (std::size_t set = 0; set < kinds.sets; ++set) {
    for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
      const std::size_t count = kinds.kinds[kind].count_in(set);
      if (count > 0) speed_[set] += static_cast<double>(count) * speed[kind];
    }
  }
  for (Ideal ideal = 0; ideal < lattice.size(); ++ideal) {
    for (const auto& [unit, larger] : lattice.covers(ideal)) {
      double work = kInfinity;
      for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
        const double time = builder.compute_of(unit, kind);
        work = std::min(work, time > 0 ? time * speed[kind] : 0);
      }
      work_[larger] = work_[ideal] + work;
    }
  }
}

// The sets that can have done this ideal while the others can do the rest.
std::vector<std::size_t> IdealTable::useful_sets(Ideal ideal, double limit) const {
  const auto can_do = [&](std::size_t set, double work) {
    return work <= limit * speed_[set] * kRounding || work <= 0;
  };
  if (ideal == 0) return {0};
  std::vector<std::size_t> sets;
  for (std::size_t set = 1; set < kinds_->sets; ++set) {
    if (can_do(set, work_[ideal]) && can_do(kinds_->sets - 1 - set, work_.back() - work_[ideal])) {
      sets.push_back(set);
    }
  }
  return sets;
}

bool IdealTable::compute(double limit, const std::function<bool()>& stop) {
  const std::size_t sets = kinds_->sets;
  const std::size_t kinds = kinds_->kinds.size();
  best_.assign(lattice_->size() * sets, kInfinity);
  std::fill(best_.end() - static_cast<std::ptrdiff_t>(sets), best_.end(), 0);
  for (Ideal from = static_cast<Ideal>(lattice_->size() - 1); from-- > 0;) {
    const std::vector<std::size_t> useful = useful_sets(from, limit);
    if (useful.empty()) continue;
    if (stop()) return false;
    double* const here = &best_[from * sets];
    for_each_stage(from, limit, [&](Ideal to) {
      const double* const there = &best_[to * sets];
      for (std::size_t kind = 0; kind < kinds; ++kind) {
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
  return true;
}

void IdealTable::for_each_stage(Ideal from, double limit,
                                const std::function<void(Ideal)>& visit) {
  ++enumeration_;
  builder_->clear();
  extend(from, limit, visit);
}

void IdealTable::extend(Ideal from, double limit, const std::function<void(Ideal)>& visit) {
  for (const auto& [unit, ideal] : lattice_->covers(from)) {
    if (seen_[ideal] == enumeration_) continue;
    seen_[ideal] = enumeration_;
    builder_->add(unit);
    bool possible = false;
    for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
      possible = possible || (builder_->compute(kind) < limit && builder_->weights_fit(kind));
    }
    if (possible) {
      visit(ideal);
      extend(ideal, limit, visit);
    }
    builder_->remove_last();
  }
}

}  // namespace convoy::plan
