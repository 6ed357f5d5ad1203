// What a set of units costs as one stage, kept up to date while it grows and shrinks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "fleet/fleet.h"
#include "plan/contraction.h"
#include "plan/cost_graph.h"
#include "plan/device_kinds.h"

namespace convoy::plan {

// Refers to its arguments. All figures in seconds; those of transfers count each net once, over the
// quickest link that a kind has, and so are a lower bound. They are what evaluate() counts where
// transfers cost alike (see `exact`).
class StageBuilder {
 public:
  StageBuilder(const CostGraph& graph, const fleet::Fleet& fleet, const Contraction& contraction,
               const DeviceKinds& kinds);

  // Whether load() is all that a period can be, whoever sends to whom.
  [[nodiscard]] bool exact() const { return exact_; }
  // The time of one unit's nodes.
  [[nodiscard]] double compute_of(UnitId unit, std::size_t kind) const {
    return unit_compute_[unit.index() * kinds_->kinds.size() + kind];
  }

  void clear();
  void add(UnitId unit);
  void remove_last();
  [[nodiscard]] const std::vector<UnitId>& units() const { return units_; }

  // Only grows with the stage: overhead and nodes.
  [[nodiscard]] double compute(std::size_t kind) const { return compute_[kind]; }
  // The longest that anything is occupied by this stage.
  [[nodiscard]] double load(std::size_t kind) const;
  // Only grows with the stage; true while its weights fit.
  [[nodiscard]] bool weights_fit(std::size_t kind) const;
  // Whether its memory fits, as evaluate() counts it.
  [[nodiscard]] bool fits(std::size_t kind) const;

 private:
  void count(UnitId unit, int change);
  [[nodiscard]] Bytes memory() const;

  const CostGraph* graph_;
  const Contraction* contraction_;
  const DeviceKinds* kinds_;
  bool exact_ = false;
  bool radio_ = false;
  bool memory_matters_ = false;
  std::vector<double> unit_compute_;  // by unit and kind
  ById<UnitId, std::vector<WeightId>> unit_weights_;
  std::vector<double> overhead_;      // by kind, as all below
  std::vector<double> transfer_load_;
  std::vector<double> receiving_;     // seconds a byte, at least
  std::vector<double> sending_;

  std::vector<UnitId> units_;
  std::vector<double> compute_;
  ById<UnitId, char> has_;
  ById<NetId, std::uint32_t> members_;  // in the stage
  ById<WeightId, std::uint32_t> readers_;
  std::int64_t sent_ = 0;
  std::int64_t received_ = 0;
  Bytes weights_{0};
  mutable std::optional<Bytes> memory_;  // of the stage as it is, once asked for
};

}  // namespace convoy::plan
