// From where a set of devices can complete a chain, transfers aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/device_kinds.h"
#include "plan/stretches.h"

namespace convoy::plan {

// For a period, and each set of devices that are left, the positions from which runs on some of
// them reach the end of the graph, each within the period and its device's memory. A necessary
// condition for any completion, and cheap: positions are bits of words. Refers to its arguments.
class Completions {
 public:
  Completions(const Stretches& stretches, const DeviceKinds& kinds);

  // Where stages may begin, for any device: position -> allowed. Position 0 and the end are.
  using Boundaries = std::vector<bool>;
  // At most `most_stages` stages in all.
  void compute(Seconds period, std::size_t most_stages, const Boundaries& allowed);

  // Whether the whole graph can be completed.
  [[nodiscard]] bool possible() const { return has(most_stages_, kinds_->sets - 1, 0); }
  // The ends of a run from `from` on a device of `kind` that `set` can complete from with
  // `stages_left` more stages; the furthest first.
  [[nodiscard]] std::vector<std::size_t> ends(std::size_t kind, std::size_t from, std::size_t set,
                                              std::size_t stages_left) const;

 private:
  using Word = std::uint64_t;
  static constexpr std::size_t kBits = 64;

  [[nodiscard]] std::vector<Word>& row(std::size_t stages_left, std::size_t set) {
    return rows_[(one_layer_ ? 0 : stages_left) * kinds_->sets + set];
  }
  [[nodiscard]] const std::vector<Word>& row(std::size_t stages_left, std::size_t set) const {
    return const_cast<Completions*>(this)->row(stages_left, set);
  }
  [[nodiscard]] bool has(std::size_t stages_left, std::size_t set, std::size_t position) const {
    return row(stages_left, set)[position / kBits] >> position % kBits & 1;
  }
  // Those bits of a word of `completing` at which a run can end.
  [[nodiscard]] Word ends_in(std::size_t word, std::size_t kind, std::size_t from,
                             const std::vector<Word>& completing) const;

  void add_starts(std::vector<Word>& positions, std::size_t kind, const std::vector<Word>& next,
                  const Boundaries& allowed) const;

  const Stretches* stretches_;
  const DeviceKinds* kinds_;
  std::size_t words_;
  std::size_t most_stages_ = 0;
  bool one_layer_ = true;   // the number of stages does not limit
  // fits_[kind][from]: the ends of runs that fit the kind's memory; empty: all do.
  std::vector<std::vector<std::vector<Word>>> fits_;
  // furthest_[kind][from]: the end of the longest run within the period.
  std::vector<std::vector<std::size_t>> furthest_;
  std::vector<std::vector<Word>> rows_;
};

}  // namespace convoy::plan
