#include "plan/completions.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "plan/relative_work.h"

namespace convoy::plan {

Completions::Completions(const Stretches& stretches, const DeviceKinds& kinds)
    : stretches_(&stretches),
      kinds_(&kinds),
      words_(stretches.size() / kBits + 1),
      fits_memory_(kinds.kinds.size()),
      fits_radio_(kinds.kinds.size()),
      range_in_memory_(kinds.kinds.size()),
      furthest_(kinds.kinds.size(), std::vector<std::size_t>(stretches.size())) {
  find_fitting_memory();
  find_work();
}

void Completions::find_work() {
  std::vector<std::vector<double>> seconds;
  for (const Kind& kind : kinds_->kinds) {
    std::vector<double>& of_kind = seconds.emplace_back();
    for (std::size_t node = 0; node < stretches_->size(); ++node) {
      of_kind.push_back(
          stretches_->nodes_time(kind.devices.front(), node, node + 1).count());
    }
  }
  const auto [speed, work] = relative_work(seconds);
  work_after_.assign(stretches_->size() + 1, 0);
  for (std::size_t node = stretches_->size(); node-- > 0;) {
    work_after_[node] = work_after_[node + 1] + work[node];
  }
  speed_.assign(kinds_->sets, 0);
  for (std::size_t set = 0; set < kinds_->sets; ++set) {
    for (std::size_t kind = 0; kind < speed.size(); ++kind) {
      const std::size_t count = kinds_->kinds[kind].count_in(set);
      if (count > 0) speed_[set] += static_cast<double>(count) * speed[kind];
    }
  }
}

// Before it, more is left than the set could do within the period if nodes could be divided.
std::size_t Completions::earliest_start(std::size_t set, double period) const {
  const double most = period * speed_[set] * (1 + 1e-9);
  return static_cast<std::size_t>(
      std::ranges::partition_point(work_after_, [&](double work) { return work > most; }) -
      work_after_.begin());
}

void Completions::find_fitting_memory() {
  std::optional<Bytes> most;
  for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
    const std::optional<Bytes> memory = kinds_->kinds[kind].memory;
    if (!memory) continue;
    most = std::max(most.value_or(*memory), *memory);
    fits_memory_[kind].assign(stretches_->size() * words_, 0);
    range_in_memory_[kind].assign(stretches_->size(), {1, 0});
  }
  if (!most) return;
  for (std::size_t from = 0; from < stretches_->size(); ++from) {
    const std::vector<Bytes> memory = stretches_->memory_from(from, *most);
    for (std::size_t kind = 0; kind < fits_memory_.size(); ++kind) {
      if (fits_memory_[kind].empty()) continue;
      for (std::size_t i = 0; i < memory.size(); ++i) {
        if (memory[i] > *kinds_->kinds[kind].memory) continue;
        const std::size_t end = from + 1 + i;
        add_end(fits_memory_[kind], from, end);
        auto& [first, last] = range_in_memory_[kind][from];
        if (first > last) first = end;
        last = end;
      }
    }
  }
}

void Completions::find_furthest(Seconds period) {
  for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
    const DeviceId device = kinds_->kinds[kind].devices.front();
    std::size_t end = 0;  // compute time only grows with the run, so ends only move on
    for (std::size_t from = 0; from < stretches_->size(); ++from) {
      end = std::max(end, from);
      while (end < stretches_->size() && stretches_->compute(device, from, end + 1) <= period) {
        ++end;
      }
      furthest_[kind][from] = end;
    }
  }
  reach_.assign(kinds_->sets, 0);
  for (std::size_t set = 1; set < kinds_->sets; ++set) {
    for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
      if (kinds_->kinds[kind].count_in(set) == 0) continue;
      const std::size_t before = reach_[set - kinds_->kinds[kind].weight];
      const std::size_t here = before < furthest_[kind].size() ? furthest_[kind][before] : before;
      reach_[set] = std::max(reach_[set], here);
    }
  }
}

// A stage's radio carries all that it receives, and what it makes for others once at least.
void Completions::find_fitting_radios(Seconds period, const Transfers& transfers) {
  for (auto& of_kind : fits_radio_) of_kind.clear();
  if (transfers.receiving.empty()) return;
  for (auto& of_kind : fits_radio_) {
    of_kind.assign(stretches_->size() * words_, 0);
  }
  for (std::size_t from = 0; from < stretches_->size(); ++from) {
    std::size_t furthest = from;
    for (const auto& of_kind : furthest_) furthest = std::max(furthest, of_kind[from]);
    const auto [received, made] = stretches_->traffic_from(from, furthest);
    for (std::size_t kind = 0; kind < fits_radio_.size(); ++kind) {
      for (std::size_t end = from + 1; end <= furthest_[kind][from]; ++end) {
        const std::size_t i = end - from - 1;
        const double load =
            static_cast<double>(received[i].value()) * transfers.receiving[kind] +
            static_cast<double>(made[i].value()) * transfers.sending[kind];
        if (load > period.count() * (1 + 1e-12)) continue;
        add_end(fits_radio_[kind], from, end);
      }
    }
  }
}

void Completions::compute(Seconds period, std::size_t most_stages, const Transfers& transfers) {
  find_furthest(period);
  find_fitting_radios(period, transfers);
  most_stages_ = most_stages;
  one_layer_ = most_stages >= kinds_->devices;
  rows_.assign((one_layer_ ? 1 : most_stages + 1) * kinds_->sets, std::vector<Word>(words_, 0));
  for (std::size_t stages = one_layer_ ? most_stages : 0; stages <= most_stages; ++stages) {
    for (std::size_t set = 0; set < kinds_->sets; ++set) {
      std::vector<Word>& positions = row(stages, set);
      if (complete(set)) positions[stretches_->size() / kBits] |= Word{1} << stretches_->size() % kBits;
      if (stages == 0) continue;
      const Starts starts{.earliest = earliest_start(set, period.count()),
                          .latest = latest_start(set)};
      if (starts.earliest > starts.latest) continue;
      for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
        if (kinds_->kinds[kind].count_in(set) == 0) continue;
        add_starts(positions, starts, kind,
                   row(stages - 1, set - kinds_->kinds[kind].weight), transfers.boundaries);
      }
    }
  }
}

bool Completions::complete(std::size_t set) const {
  return std::ranges::all_of(kinds_->kinds, [&](const Kind& kind) {
    return kind.devices.size() - kind.count_in(set) >= kind.required;
  });
}

bool Completions::possible_from(std::size_t position, std::size_t set) const {
  std::size_t left = 0;
  for (const Kind& kind : kinds_->kinds) left += kind.count_in(set);
  const std::size_t used = kinds_->devices - left;
  if (used > most_stages_) return false;
  return row(most_stages_ - used, set)[position / kBits] >> position % kBits & 1;
}

std::pair<std::size_t, std::size_t> Completions::range_of_ends(std::size_t kind,
                                                               std::size_t from) const {
  const std::size_t furthest = furthest_[kind][from];
  if (range_in_memory_[kind].empty()) return {from + 1, furthest};
  const auto& [first, last] = range_in_memory_[kind][from];
  return {first, std::min(last, furthest)};
}

// The positions from which a run on a device of `kind` ends where `next` completes.
void Completions::add_starts(std::vector<Word>& positions, Starts starts, std::size_t kind,
                             const std::vector<Word>& next,
                             const std::vector<bool>& boundaries) const {
  const auto earliest = std::ranges::find_if(next, [](Word word) { return word != 0; });
  if (earliest == next.end()) return;
  const auto first_word = static_cast<std::size_t>(earliest - next.begin());
  const std::size_t first_end =
      first_word * kBits + static_cast<std::size_t>(std::countr_zero(*earliest));
  const std::vector<std::size_t>& furthest = furthest_[kind];  // ascending
  const auto reaches = std::ranges::lower_bound(furthest, first_end);
  const std::size_t behind = std::min(furthest.size(), starts.latest + 1);
  const auto first_from = static_cast<std::size_t>(reaches - furthest.begin());
  for (std::size_t from = std::max(first_from, starts.earliest); from < behind; ++from) {
    if (!boundaries.empty() && !boundaries[from]) continue;
    const std::size_t last_word = furthest[from] / kBits + 1;
    for (std::size_t word = last_word; word-- > std::max(first_word, (from + 1) / kBits);) {
      if (ends_in(word, kind, from, next) == 0) continue;
      positions[from / kBits] |= Word{1} << from % kBits;
      break;
    }
  }
}

std::vector<std::size_t> Completions::ends(std::size_t kind, std::size_t from, std::size_t set,
                                           std::size_t stages_left) const {
  std::vector<std::size_t> found;
  const std::vector<Word>& completing = row(stages_left, set);
  for (std::size_t word = (from + 1) / kBits; word <= furthest_[kind][from] / kBits; ++word) {
    for (Word bits = ends_in(word, kind, from, completing); bits != 0; bits &= bits - 1) {
      found.push_back(word * kBits + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }
  std::ranges::reverse(found);
  return found;
}

}  // namespace convoy::plan
