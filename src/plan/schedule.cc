#include "plan/schedule.h"

#include <algorithm>
#include <map>
#include <optional>

namespace convoy::plan {
namespace {

using HeldId = Id<struct HeldTag>;
using TurnId = Id<struct TurnTag>;

// A way to have come to the begin of an interval with a plan in force.
struct State {
  double served = 0;
  HeldId held;
  TurnId turn;  // the one in force
};

struct Switch {
  Move move;
  HeldId held;  // afterwards
};

struct Begun {
  Turn turn;
  std::optional<TurnId> before;
};

class Programme {
 public:
  Programme(const Outlook& outlook, const ScheduleOptions& options)
      : outlook_(outlook),
        options_(options),
        states_(outlook.intervals() + 1, ById<PlanId, std::vector<State>>(outlook.plans().size())) {
  }

  Schedule run() {
    for (const PlanId plan : outlook_.plans().ids()) {
      const TurnId turn = turns_.push_back({.turn = {.plan = plan}, .before = std::nullopt});
      keep({.served = 0, .held = id_of(outlook_.deployed(plan)), .turn = turn}, 0, plan);
    }
    for (std::size_t i = 0; i < outlook_.intervals(); ++i) {
      for (const PlanId plan : outlook_.plans().ids()) {
        for (const State& state : states_[i][plan]) go_on(state, i, plan);
        states_[i][plan] = {};
      }
    }
    std::optional<State> best;
    for (const auto& of_plan : states_.back()) {
      for (const State& state : of_plan) {
        if (!best || state.served > best->served) best = state;
      }
    }
    return schedule_of(*best);
  }

 private:
  HeldId id_of(const Held& held) {
    const auto [at, added] = ids_.emplace(held, HeldId(ids_.size()));
    if (added) {
      held_.push_back(held);
      switches_.push_back(ById<PlanId, std::optional<Switch>>(outlook_.plans().size()));
    }
    return at->second;
  }
  const Switch& switch_to(HeldId held, PlanId plan) {
    if (!switches_[held][plan]) {
      Move move = outlook_.move(held_[held], plan);
      const HeldId after = id_of(move.held);
      switches_[held][plan] = Switch{std::move(move), after};
    }
    return *switches_[held][plan];
  }

  void go_on(const State& state, std::size_t i, PlanId plan) {
    const auto stays_to = [&](std::size_t end) {
      return outlook_.served(plan, outlook_.begin(i), outlook_.begin(end));
    };
    State next = state;
    next.served += stays_to(i + 1);
    keep(next, i + 1, plan);
    if (i == 0) return;
    for (const PlanId other : outlook_.plans().ids()) {
      if (other == plan) continue;
      const Switch& made = switch_to(state.held, other);
      const auto ready = outlook_.ready(i, made.move, other);
      if (!ready) continue;
      const std::size_t end = outlook_.interval_at(*ready) + 1;
      next.served = state.served + outlook_.served(other, *ready, outlook_.begin(end));
      next.held = made.held;
      if (!is_worth(next, end, other)) continue;
      Begun begun{.turn = {.plan = other, .begin = outlook_.begin(i), .ready = *ready},
                  .before = state.turn};
      for (const Bytes bytes : made.move.bytes) begun.turn.moved += bytes;
      next.turn = turns_.push_back(begun);
      keep(next, end, other);
    }
  }

  // Whether `a` makes `b` needless.
  bool covers(const State& a, const State& b) const {
    if (a.served < b.served) return false;
    if (a.held == b.held) return true;
    if (!outlook_.keeps_all()) return false;
    return std::ranges::equal(
        held_[a.held], held_[b.held],
        [](std::uint64_t more, std::uint64_t less) { return (less & ~more) == 0; });
  }
  bool is_worth(const State& state, std::size_t i, PlanId plan) const {
    return std::ranges::none_of(states_[i][plan],
                                [&](const State& other) { return covers(other, state); });
  }
  void keep(const State& state, std::size_t i, PlanId plan) {
    if (!is_worth(state, i, plan)) return;
    std::vector<State>& states = states_[i][plan];
    std::erase_if(states, [&](const State& other) { return covers(state, other); });
    states.push_back(state);
    if (states.size() <= options_.most_states) return;
    states.erase(std::ranges::min_element(states, {}, &State::served));
    exact_ = false;
  }

  Schedule schedule_of(const State& last) const {
    Schedule schedule{.turns = {}, .served = last.served, .exact = exact_};
    Seconds end = outlook_.begin(outlook_.intervals());
    for (std::optional<TurnId> id = last.turn; id; id = turns_[*id].before) {
      Turn turn = turns_[*id].turn;
      turn.end = end;
      end = turn.begin;
      if (turn.ready < turn.end) turn.served = outlook_.served(turn.plan, turn.ready, turn.end);
      schedule.turns.push_back(turn);
    }
    std::ranges::reverse(schedule.turns);
    return schedule;
  }

  const Outlook& outlook_;
  const ScheduleOptions& options_;
  std::vector<ById<PlanId, std::vector<State>>>
      states_;  // by the begin of an interval, and the end
  std::map<Held, HeldId> ids_;
  ById<HeldId, Held> held_;
  ById<HeldId, ById<PlanId, std::optional<Switch>>> switches_;
  ById<TurnId, Begun> turns_;
  bool exact_ = true;
};

}  // namespace

Schedule best_schedule(const Outlook& outlook, const ScheduleOptions& options) {
  return Programme(outlook, options).run();
}

Schedule best_fixed(const Outlook& outlook) {
  const Seconds end = outlook.begin(outlook.intervals());
  Turn best{.plan = PlanId(0), .end = end, .served = -1};
  for (const PlanId plan : outlook.plans().ids()) {
    const double served = outlook.served(plan, Seconds(0), end);
    if (served > best.served) best = {.plan = plan, .end = end, .served = served};
  }
  return {.turns = {best}, .served = best.served};
}

double served_without_move_costs(const Outlook& outlook) {
  double served = 0;
  for (std::size_t i = 0; i < outlook.intervals(); ++i) {
    double most = 0;
    for (const PlanId plan : outlook.plans().ids()) most = std::max(most, outlook.rate(i, plan));
    served += most * (outlook.begin(i + 1) - outlook.begin(i)).count();
  }
  return served;
}

}  // namespace convoy::plan
