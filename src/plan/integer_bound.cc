#include "plan/integer_bound.h"

#include <Highs.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "plan/contraction.h"
#include "plan/device_kinds.h"

namespace convoy::plan {
namespace {

using fleet::Contention;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A program in the words of HiGHS, column by column and row by row.
class Program {
 public:
  using Column = HighsInt;
  struct Term {
    Column column;
    double factor;
  };

  Column add_column(double cost, double upper, bool is_integer) {
    model_.lp_.col_cost_.push_back(cost);
    model_.lp_.col_lower_.push_back(0);
    model_.lp_.col_upper_.push_back(upper);
    model_.lp_.integrality_.push_back(is_integer ? HighsVarType::kInteger
                                                 : HighsVarType::kContinuous);
    return model_.lp_.num_col_++;
  }
  // lower <= sum of the terms <= upper
  void add_row(double lower, double upper, const std::vector<Term>& terms) {
    auto& matrix = model_.lp_.a_matrix_;
    for (const auto& [column, factor] : terms) {
      matrix.index_.push_back(column);
      matrix.value_.push_back(factor);
    }
    matrix.start_.push_back(static_cast<HighsInt>(matrix.index_.size()));
    model_.lp_.row_lower_.push_back(lower);
    model_.lp_.row_upper_.push_back(upper);
    ++model_.lp_.num_row_;
  }
  // What the least cost is at least; infinite if nothing satisfies all rows.
  double bound(Seconds time) {
    model_.lp_.a_matrix_.format_ = MatrixFormat::kRowwise;
    Highs highs;
    highs.setOptionValue("output_flag", false);
    highs.setOptionValue("threads", 1);
    highs.setOptionValue("time_limit", time.count());
    if (highs.passModel(model_) == HighsStatus::kError || highs.run() == HighsStatus::kError)
      return 0;
    if (highs.getModelStatus() == HighsModelStatus::kInfeasible) return kInfinity;
    const double proven = highs.getInfo().mip_dual_bound;
    return proven > 0 && proven < kInfinity ? proven : 0;
  }

 private:
  HighsModel model_;
};

class PlacementProgram {
 public:
  PlacementProgram(const CostGraph& graph, const fleet::Fleet& fleet,
                   const Contraction& contraction)
      : graph_(graph),
        fleet_(fleet),
        contraction_(contraction),
        period_(program_.add_column(1, kInfinity, false)) {
    add_units();
    add_traffic();
    add_computing();
    add_memory();
  }
  double bound(Seconds time) { return program_.bound(time); }

 private:
  using Term = Program::Term;

  [[nodiscard]] Program::Column on(UnitId unit, DeviceId device) const {
    return on_[unit.index() * fleet_.devices.size() + device.index()];
  }

  // Each unit on one device; a device that has one is used.
  void add_units() {
    for ([[maybe_unused]] const UnitId unit : contraction_.units.ids()) {
      std::vector<Term> one;
      for ([[maybe_unused]] const DeviceId device : fleet_.devices.ids()) {
        on_.push_back(program_.add_column(0, 1, true));
        one.push_back({on_.back(), 1});
      }
      program_.add_row(1, 1, one);
    }
    for (const DeviceId device : fleet_.devices.ids()) {
      used_.push_back(program_.add_column(0, 1, false));
      for (const UnitId unit : contraction_.units.ids()) {
        program_.add_row(0, kInfinity, {{used_.back(), 1}, {on(unit, device), -1}});
      }
    }
  }

  // What a device sends and receives, in seconds over its quickest links.
  void add_traffic() {
    const DeviceKinds each{.kinds = [&] {
      std::vector<Kind> kinds;
      for (const DeviceId device : fleet_.devices.ids()) kinds.push_back({.devices = {device}});
      return kinds;
    }()};
    const KindLinks links = links_of(fleet_, each);
    std::vector<Term> all;
    for (const DeviceId device : fleet_.devices.ids()) {
      const std::size_t i = device.index();
      traffic_.emplace_back();
      for (const Net& net : contraction_.nets) {
        const double bytes = static_cast<double>(net.bytes.value());
        for (const bool sends : {true, false}) {
          const double seconds = bytes * (sends ? links.sending[i] : links.receiving[i]);
          if (seconds <= 0 || !net.producer) continue;
          const Program::Column crosses = program_.add_column(0, 1, false);
          for (const UnitId reader : net.members) {
            if (reader == *net.producer) continue;
            const double sign = sends ? 1 : -1;
            program_.add_row(
                0, kInfinity,
                {{crosses, 1}, {on(*net.producer, device), -sign}, {on(reader, device), sign}});
          }
          traffic_.back().push_back({crosses, seconds});
          if (sends) all.push_back({crosses, seconds});
        }
      }
      const double share = fleet_.contention == Contention::radio
                               ? 1
                               : 2 * static_cast<double>(fleet_.devices.size() - 1);
      if (fleet_.contention != Contention::medium) within_period(traffic_.back(), share);
    }
    if (fleet_.contention == Contention::medium) within_period(all, 1);
  }
  // The terms are at most so many periods.
  void within_period(std::vector<Term> terms, double periods) {
    if (terms.empty()) return;
    terms.push_back({period_, -periods});
    program_.add_row(-kInfinity, 0, terms);
  }

  void add_computing() {
    for (const DeviceId device : fleet_.devices.ids()) {
      std::vector<Term> terms = {{used_[device.index()], graph_.stage_overhead[device].count()}};
      for (const UnitId unit : contraction_.units.ids()) {
        terms.push_back(
            {on(unit, device), unit_time(graph_, contraction_.units[unit], device).count()});
      }
      for (const auto& [column, seconds] : traffic_[device.index()]) {
        const double load = fleet_.devices[device].transfer_load * seconds;
        if (load > 0) terms.push_back({column, load});
      }
      within_period(std::move(terms), 1);
    }
  }

  void add_memory() {
    if (memory_never_binds(graph_, fleet_)) return;
    for (const DeviceId device : fleet_.devices.ids()) {
      const Bytes memory = fleet_.devices[device].memory;
      if (memory.value() == 0) continue;
      constexpr double kMega = 1e6;  // rows of like sizes are solved better
      std::vector<Term> terms = {
          {used_[device.index()],
           static_cast<double>(graph_.runtime_memory[device].value()) / kMega}};
      std::vector<Program::Column> held(graph_.weights.size(), -1);
      for (const UnitId unit : contraction_.units.ids()) {
        for (const WeightId weight : unit_weights(graph_, contraction_.units[unit])) {
          Program::Column& column = held[weight.index()];
          if (column < 0) {
            column = program_.add_column(0, 1, false);
            terms.push_back({column, static_cast<double>(graph_.weights[weight].value()) / kMega});
          }
          program_.add_row(0, kInfinity, {{column, 1}, {on(unit, device), -1}});
        }
      }
      program_.add_row(-kInfinity, static_cast<double>(memory.value()) / kMega, terms);
    }
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Contraction& contraction_;
  Program program_;
  Program::Column period_;
  std::vector<Program::Column> on_;         // by unit and device
  std::vector<Program::Column> used_;       // by device
  std::vector<std::vector<Term>> traffic_;  // by device
};

}  // namespace

Seconds integer_bound(const CostGraph& graph, const fleet::Fleet& fleet, Seconds time) {
  if (time <= Seconds(0)) return Seconds(0);
  const Contraction contraction = contract(graph, fleet, PlanForm::any);
  return Seconds(PlacementProgram(graph, fleet, contraction).bound(time));
}

}  // namespace convoy::plan
