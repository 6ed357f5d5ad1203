// The best way to give each device one set of units, in an order of stages that a lattice allows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/contraction.h"
#include "plan/device_kinds.h"
#include "plan/failures.h"
#include "plan/ideal_table.h"
#include "plan/lattice.h"
#include "plan/plan.h"
#include "plan/stage_builder.h"

namespace convoy::plan {

// First the table of periods that count each value once (ideal_table.h), for a limit that is raised
// until something lies below it. That is the optimum where transfers cost alike; elsewhere it
// bounds the optimum from below, and a search through the same stages, which knows who sends what
// to whom, closes in on it as ChainSearch does.
class IdealSearch {
 public:
  struct Outcome {
    std::optional<Placement> placement;  // none: none was found
    Seconds period{0};                   // as evaluate() says
    Seconds bound{0};                    // of all placements of this form; the period where proven
    bool complete = true;                // false: it was stopped, or ran out of steps
  };

  IdealSearch(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
              const Lattice& lattice, const DeviceKinds& kinds);
  IdealSearch(const IdealSearch&) = delete;
  IdealSearch& operator=(const IdealSearch&) = delete;

  // The best placement with a period below `below`, none having one below `bound`. `steps` bounds
  // the search: one for each stage looked at.
  [[nodiscard]] Outcome run(Seconds bound, Seconds below, std::int64_t steps,
                            const std::function<bool()>& stop);

 private:
  using Owner = KindMember;  // that has a stage
  // A device that others may still read from: how long it, and its radio, are occupied so far.
  struct Load {
    Owner owner;
    double busy = 0;
    double radio = 0;
  };
  struct Crossing {
    NetId net;
    Owner owner;
  };
  // A partial plan, up to an ideal.
  struct State {
    Lattice::Ideal ideal = 0;
    std::size_t used = 0;
    std::vector<Crossing> crossing;  // by net
    std::vector<Load> loads;         // by owner
    double medium = 0;
  };
  struct Stage {
    Lattice::Ideal end = 0;
    std::size_t kind = 0;
    std::vector<UnitId> units;
  };

  [[nodiscard]] bool stopped() { return steps_ < 0 || stop_(); }
  [[nodiscard]] bool raise_limit(Outcome& outcome, Seconds below);
  void close_in(Outcome& outcome);
  [[nodiscard]] bool find(double limit);
  [[nodiscard]] bool explore(const State& state, double limit);
  [[nodiscard]] std::vector<Stage> stages_from(const State& state, double limit);
  [[nodiscard]] std::optional<State> extended(const State& state, const Stage& stage,
                                              double limit) const;
  [[nodiscard]] std::pair<std::string, Failures::Loads> key_of(const State& state) const;
  [[nodiscard]] Placement placement() const;
  void keep(Outcome& outcome) const;

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Contraction& contraction_;
  const DeviceKinds& kinds_;
  StageBuilder builder_;
  IdealTable table_;
  KindLinks links_;
  // Of the run().
  std::int64_t steps_ = 0;
  std::function<bool()> stop_;
  // Of the find() that runs.
  std::vector<Stage> path_;
  ById<UnitId, char> done_;  // on the path
  Failures failed_;
};

}  // namespace convoy::plan
