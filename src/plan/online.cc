#include "plan/online.h"

#include <algorithm>
#include <optional>

namespace convoy::plan {
namespace {

// Requests won over the plan in force once the other serves, and those lost before.
double gain_of(const Prospect& prospect) {
  return (prospect.better - prospect.current) * (prospect.remaining - prospect.standstill).count();
}
double loss_of(const Prospect& prospect) { return prospect.current * prospect.standstill.count(); }

struct Choice {
  PlanId plan;
  Move move;
  double gain = 0;
};

}  // namespace

double net_gain(const Prospect& prospect) { return gain_of(prospect) - loss_of(prospect); }

bool should_switch(const Prospect& prospect, const SwitchPolicy& policy) {
  return prospect.better > prospect.current && prospect.remaining > prospect.standstill &&
         gain_of(prospect) > policy.factor * loss_of(prospect);
}

Schedule online_schedule(const Outlook& outlook, const SwitchPolicy& policy) {
  PlanId first(0);
  for (const PlanId plan : outlook.plans().ids()) {
    if (outlook.rate(0, plan) > outlook.rate(0, first)) first = plan;
  }
  Schedule schedule{.turns = {{.plan = first}}, .exact = false};
  Held held = outlook.deployed(schedule.turns.back().plan);
  ById<PlanId, std::optional<Seconds>> better_since(outlook.plans().size());
  for (std::size_t i = 0; i < outlook.intervals(); ++i) {
    const PlanId current = schedule.turns.back().plan;
    const Seconds now = outlook.begin(i);
    std::optional<Choice> best;
    for (const PlanId plan : outlook.plans().ids()) {
      if (outlook.rate(i, plan) <= outlook.rate(i, current)) {
        better_since[plan] = std::nullopt;
        continue;
      }
      if (!better_since[plan]) better_since[plan] = now;
      if (now < schedule.turns.back().ready) continue;  // a switch is under way
      Move move = outlook.move(held, plan);
      const auto standstill = outlook.standstill(i, move, plan);
      if (!standstill) continue;
      const Prospect prospect{
          .current = outlook.rate(i, current),
          .better = outlook.rate(i, plan),
          .remaining = std::max(policy.least_remaining, now - *better_since[plan]),
          .standstill = *standstill};
      const double gain = net_gain(prospect);
      if (!should_switch(prospect, policy) || (best && gain <= best->gain)) continue;
      best = Choice{.plan = plan, .move = std::move(move), .gain = gain};
    }
    if (!best) continue;
    Turn turn{.plan = best->plan, .begin = now};
    turn.ready =
        outlook.ready(i, best->move, best->plan).value_or(outlook.begin(outlook.intervals()));
    for (const Bytes bytes : best->move.bytes) turn.moved += bytes;
    held = std::move(best->move.held);
    schedule.turns.back().end = now;
    schedule.turns.push_back(turn);
    std::ranges::fill(better_since, std::nullopt);
  }
  schedule.turns.back().end = outlook.begin(outlook.intervals());
  for (Turn& turn : schedule.turns) {
    if (turn.ready < turn.end) turn.served = outlook.served(turn.plan, turn.ready, turn.end);
    schedule.served += turn.served;
  }
  return schedule;
}

}  // namespace convoy::plan
