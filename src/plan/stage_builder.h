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

  // Overhead and nodes.
  [[nodiscard]] double compute(std::size_t kind) const { return compute_[kind]; }
  // Of a byte that is sent, and of one that is received: how much of the device it takes, at least.
  [[nodiscard]] double sending(std::size_t kind) const {
    return transfer_load_[kind] * sending_[kind];
  }
  [[nodiscard]] double receiving(std::size_t kind) const {
    return transfer_load_[kind] * receiving_[kind];
  }
  // Only grows with the stage: overhead, nodes, and what it has to receive.
  [[nodiscard]] double least_load(std::size_t kind) const {
    return compute_[kind] + (backward_ ? 0 : receiving(kind) * static_cast<double>(received_));
  }
  // Bytes of it that others read, and of others that it reads.
  [[nodiscard]] Bytes sent() const { return Bytes(sent_); }
  [[nodiscard]] Bytes received() const { return Bytes(received_); }
  // Whether each net that has members inside and outside has just this one inside.
  [[nodiscard]] bool crosses_at(UnitId unit) const;
  // Whether load() is a sum over nodes and bytes, and all that decides.
  [[nodiscard]] bool additive() const { return !radio_ && !memory_matters_; }
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
  bool backward_ = false;  // values come from stages behind, too
  bool radio_ = false;
  bool memory_matters_ = false;
  std::vector<double> unit_compute_;  // by unit and kind
  ById<UnitId, std::vector<WeightId>> unit_weights_;
  std::vector<double> overhead_;  // by kind, as all below
  std::vector<double> transfer_load_;
  std::vector<double> receiving_;  // seconds a byte, at least
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
