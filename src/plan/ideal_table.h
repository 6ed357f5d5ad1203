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
// Refers to its arguments.
class IdealTable {
 public:
  using Ideal = Lattice::Ideal;
  // A table of more states is not made.
  static constexpr std::size_t kMostStates = std::size_t{1} << 25;

  IdealTable(const Lattice& lattice, const Contraction& contraction, const DeviceKinds& kinds,
             StageBuilder& builder);

  // Below `limit` s only. False if `stop` said so (asked now and then); the table is of no use then.
  [[nodiscard]] bool compute(double limit, const std::function<bool()>& stop);
  // By StageBuilder::load(), the least of the largest loads of all further stages; infinite where it
  // would not be below the limit.
  [[nodiscard]] double at(Ideal ideal, std::size_t used) const {
    return best_[ideal * kinds_->sets + used];
  }

  // Calls `visit(ideal)` for each ideal that one more stage from `from` can lead to, `builder` having
  // the units of that stage. It goes no further where all kinds exceed the limit.
  void for_each_stage(Ideal from, double limit, const std::function<void(Ideal)>& visit);

 private:
  void extend(Ideal from, double limit, const std::function<void(Ideal)>& visit);
  [[nodiscard]] std::vector<std::size_t> useful_sets(Ideal ideal, double limit) const;

  const Lattice* lattice_;
  const DeviceKinds* kinds_;
  StageBuilder* builder_;
  std::vector<double> speed_;       // of each set: how much work it can do in a second, at most
  std::vector<double> work_;        // of each ideal: the least that any set has to do
  std::vector<double> best_;
  std::vector<std::uint32_t> seen_; // by ideal: in which enumeration
  std::uint32_t enumeration_ = 0;
};

}  // namespace convoy::plan
