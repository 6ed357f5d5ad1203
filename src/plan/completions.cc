#include "plan/completions.h"

#include <algorithm>
#include <bit>

namespace convoy::plan {

Completions::Completions(const Stretches& stretches, const DeviceKinds& kinds)
    : stretches_(&stretches),
      kinds_(&kinds),
      words_(stretches.size() / kBits + 1),
      fits_(kinds.kinds.size()),
      furthest_(kinds.kinds.size(), std::vector<std::size_t>(stretches.size())) {
  for (std::size_t kind = 0; kind < kinds.kinds.size(); ++kind) {
    if (kinds.kinds[kind].memory) {
      fits_[kind].assign(stretches.size(), std::vector<Word>(words_, 0));
    }
  }
  if (std::ranges::all_of(fits_, [](const auto& of_kind) { return of_kind.empty(); })) return;
  for (std::size_t from = 0; from < stretches.size(); ++from) {
    const std::vector<Bytes> memory = stretches.memory_from(from);
    for (std::size_t kind = 0; kind < fits_.size(); ++kind) {
      if (fits_[kind].empty()) continue;
      for (std::size_t end = from + 1; end <= stretches.size(); ++end) {
        if (memory[end - from - 1] > *kinds.kinds[kind].memory) continue;
        fits_[kind][from][end / kBits] |= Word{1} << end % kBits;
      }
    }
  }
}

Completions::Word Completions::ends_in(std::size_t word, std::size_t kind, std::size_t from,
                                       const std::vector<Word>& completing) const {
  Word bits = completing[word];
  if (!fits_[kind].empty()) bits &= fits_[kind][from][word];
  const std::size_t first = from + 1;
  const std::size_t last = furthest_[kind][from];
  if (word == first / kBits) bits &= ~Word{0} << first % kBits;
  if (word == last / kBits) bits &= ~Word{0} >> (kBits - 1 - last % kBits);
  return bits;
}

void Completions::compute(Seconds period, std::size_t most_stages, const Boundaries& allowed) {
  const std::size_t size = stretches_->size();
  for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
    const DeviceId device = kinds_->kinds[kind].devices.front();
    std::size_t end = 0;  // compute time only grows with the run, so ends only move on
    for (std::size_t from = 0; from < size; ++from) {
      end = std::max(end, from);
      while (end < size && stretches_->compute(device, from, end + 1) <= period) ++end;
      furthest_[kind][from] = end;
    }
  }
  most_stages_ = most_stages;
  one_layer_ = most_stages >= kinds_->devices;
  rows_.assign((one_layer_ ? 1 : most_stages + 1) * kinds_->sets, std::vector<Word>(words_, 0));
  for (std::size_t stages = one_layer_ ? most_stages : 0; stages <= most_stages; ++stages) {
    for (std::size_t set = 0; set < kinds_->sets; ++set) {
      std::vector<Word>& positions = row(stages, set);
      const bool complete = std::ranges::all_of(kinds_->kinds, [&](const Kind& kind) {
        return kind.devices.size() - kind.count_in(set) >= kind.required;
      });
      if (complete) positions[size / kBits] |= Word{1} << size % kBits;
      if (stages == 0) continue;
      for (std::size_t kind = 0; kind < kinds_->kinds.size(); ++kind) {
        if (kinds_->kinds[kind].count_in(set) == 0) continue;
        add_starts(positions, kind, row(stages - 1, set - kinds_->kinds[kind].weight), allowed);
      }
    }
  }
}

// The positions from which a run on a device of `kind` ends where `next` completes.
void Completions::add_starts(std::vector<Word>& positions, std::size_t kind,
                             const std::vector<Word>& next, const Boundaries& allowed) const {
  const auto earliest = std::ranges::find_if(next, [](Word word) { return word != 0; });
  if (earliest == next.end()) return;
  const auto first_word = static_cast<std::size_t>(earliest - next.begin());
  const std::size_t first_end =
      first_word * kBits + static_cast<std::size_t>(std::countr_zero(*earliest));
  const std::vector<std::size_t>& furthest = furthest_[kind];  // ascending
  const auto reaches = std::ranges::lower_bound(furthest, first_end);
  for (auto from = static_cast<std::size_t>(reaches - furthest.begin()); from < furthest.size();
       ++from) {
    if (!allowed[from]) continue;
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
