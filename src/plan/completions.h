// From where a set of devices can complete a chain, transfers aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
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

  // What is sure of transfers before it is known who sends what to whom.
  struct Transfers {
    // Where stages may begin: position -> allowed; empty: everywhere.
    std::vector<bool> boundaries;
    // Seconds a byte at least occupies the radio of a kind; empty: radios do not limit.
    std::vector<double> receiving;
    std::vector<double> sending;
  };
  // At most `most_stages` stages in all.
  void compute(Seconds period, std::size_t most_stages, const Transfers& transfers);

  // Whether the whole graph can be completed.
  [[nodiscard]] bool possible() const { return possible_from(0, kinds_->sets - 1); }
  // Whether these devices can complete from there, all others having had a stage or none.
  [[nodiscard]] bool possible_from(std::size_t position, std::size_t set) const;
  // Whether nothing more is needed: the devices that are required have a stage.
  [[nodiscard]] bool complete(std::size_t set) const;
  // The last boundary that the devices not in the set can get to; behind it, nothing was computed.
  [[nodiscard]] std::size_t latest_start(std::size_t set) const {
    return reach_[kinds_->sets - 1 - set];
  }
  // The shortest and the longest run that fit, by their ends; the first above the last for none.
  [[nodiscard]] std::pair<std::size_t, std::size_t> range_of_ends(std::size_t kind,
                                                                  std::size_t from) const;
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
  // Those bits of a word of `completing` at which a run can end.
  [[nodiscard]] Word ends_in(std::size_t word, std::size_t kind, std::size_t from,
                             const std::vector<Word>& completing) const {
    Word bits = completing[word];
    if (!fits_memory_[kind].empty()) bits &= fits_memory_[kind][from * words_ + word];
    if (!fits_radio_[kind].empty()) bits &= fits_radio_[kind][from * words_ + word];
    const std::size_t first = from + 1;
    const std::size_t last = furthest_[kind][from];
    if (word == first / kBits) bits &= ~Word{0} << first % kBits;
    if (word == last / kBits) bits &= ~Word{0} >> (kBits - 1 - last % kBits);
    return bits;
  }
  void add_end(std::vector<Word>& fits, std::size_t from, std::size_t end) const {
    fits[from * words_ + end / kBits] |= Word{1} << end % kBits;
  }
  void find_fitting_memory();
  void find_work();
  [[nodiscard]] std::size_t earliest_start(std::size_t set, double period) const;
  void find_furthest(Seconds period);
  void find_fitting_radios(Seconds period, const Transfers& transfers);
  // Positions that a run may start from, both included.
  struct Starts {
    std::size_t earliest;
    std::size_t latest;
  };
  void add_starts(std::vector<Word>& positions, Starts starts, std::size_t kind,
                  const std::vector<Word>& next, const std::vector<bool>& boundaries) const;

  const Stretches* stretches_;
  const DeviceKinds* kinds_;
  std::size_t words_;
  std::size_t most_stages_ = 0;
  bool one_layer_ = true;   // the number of stages does not limit
  // By kind, `words_` words for each start: the ends of runs that fit the kind's memory, and its
  // radio; empty: all do.
  std::vector<std::vector<Word>> fits_memory_;
  std::vector<std::vector<Word>> fits_radio_;
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> range_in_memory_;
  // furthest_[kind][from]: the end of the longest run within the period.
  std::vector<std::vector<std::size_t>> furthest_;
  std::vector<double> speed_;       // of each set: how much work it can do in a second, at most
  std::vector<double> work_after_;  // by position: the least that any set has to do from there
  std::vector<std::size_t> reach_;  // by set, the furthest boundary that it gets to from the start
  std::vector<std::vector<Word>> rows_;
};

}  // namespace convoy::plan
