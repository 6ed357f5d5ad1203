// The shortest period in which a graph can be completed from each of its ideals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "plan/contraction.h"
#include "plan/device_kinds.h"
#include "plan/lattice.h"
#include "plan/stage_builder.h"

namespace convoy::plan {

// The dynamic program over ideals of Tarnawski et al. (NeurIPS 2020), from the last ideal to the
// first, for devices of several kinds: the state is the ideal that has been done and the set of
// devices used for it. Two things are cut off. A stage that alone exceeds the limit; and a state in
// which either the devices used could not have done the ideal, or those left cannot do the rest,
// within the limit, even if nodes could be divided. Near the optimum little is left.
//
// Where the graph narrows to one unit, stages that go beyond it need not be looked at one by one:
// what they cost is a sum of what their two ends cost, and each start finds its best end by
// bisection.
//
// Refers to its arguments.
class IdealTable {
 public:
  using Ideal = Lattice::Ideal;
  // A table of more states is not made.
  static constexpr std::size_t kMostStates = std::size_t{1} << 25;

  IdealTable(const Lattice& lattice, const Contraction& contraction, const DeviceKinds& kinds,
             StageBuilder& builder);

  // Whether no plan has a period below `limit` s, even if a stage that begins and ends between two
  // narrows cost nothing. Quick; false where that says nothing.
  [[nodiscard]] bool is_ruled_out(double limit);
  // Below `limit` s only. False if `stop` said so (asked now and then); the table is of no use
  // then.
  [[nodiscard]] bool compute(double limit, const std::function<bool()>& stop);
  // By StageBuilder::load(), the least of the largest loads of all further stages; infinite where
  // it would not be below the limit.
  [[nodiscard]] double at(Ideal ideal, std::size_t used) const {
    return best_[ideal * kinds_->sets + used];
  }

  // Calls `visit(ideal)` for each ideal that one more stage from `from` can lead to, the builder
  // having the units of that stage. It goes no further where all kinds exceed the limit.
  void for_each_stage(Ideal from, double limit, const std::function<void(Ideal)>& visit);

 private:
  void measure(Ideal from);
  void find_narrows();
  // The end of the ideal's block: the next narrow behind it, or the last ideal.
  [[nodiscard]] Ideal block_end(Ideal ideal) const;
  void take_ends_from(Ideal narrow);
  void leave_block(Ideal from, const std::vector<std::size_t>& useful, double limit);
  using Stay =
      std::function<void(Ideal from, Ideal narrow, const std::vector<std::size_t>& useful)>;
  void begin();
  [[nodiscard]] bool sweep(double limit, const std::function<bool()>& stop, const Stay& stay);
  [[nodiscard]] bool ends_in_block(const std::vector<std::size_t>& useful) const;
  void stay_in_block(Ideal from, Ideal narrow, const std::vector<std::size_t>& useful,
                     double limit);
  void for_each_stage(Ideal from, Ideal behind, double limit,
                      const std::function<void(Ideal)>& visit);
  void extend(Ideal from, double limit, const std::function<void(Ideal)>& visit);
  [[nodiscard]] std::vector<std::size_t> useful_sets(Ideal ideal, double limit) const;

  const Lattice* lattice_;
  const DeviceKinds* kinds_;
  StageBuilder* builder_;
  // Of each set of devices: how much work it can do in a second at most, and what a byte that it
  // sends or receives takes of that at least.
  struct OfSet {
    double speed = 0;
    double sending = 0;
    double receiving = 0;
  };
  std::vector<OfSet> of_sets_;
  std::vector<double> unit_work_;  // by unit
  std::vector<double> work_;       // of each ideal: the least that any set has to do
  std::vector<double> crossing_;   // of each ideal: bytes that cross to the rest
  std::vector<double> returning_;  // ... and from it, in training
  std::vector<double> compute_;    // of each ideal and kind
  std::vector<Ideal> narrows_;     // ascending; the last ideal is one
  // Ends behind the block that is worked on, by kind and set used after the stage: what the end
  // adds to a stage's load, and the period from there. Ascending loads, descending periods.
  struct End {
    double load = 0;
    double period = 0;
  };
  std::vector<std::vector<End>> ends_;
  Ideal first_taken_ = 0;         // ideals from here on are in ends_
  Ideal behind_ = 0;              // of the enumeration: it stops before this one
  std::vector<double> in_block_;  // by set: the shortest period from within the block worked on
  std::vector<double> best_;
  std::vector<std::uint32_t> seen_;  // by ideal: in which enumeration
  std::uint32_t enumeration_ = 0;
};

}  // namespace convoy::plan
