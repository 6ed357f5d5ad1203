#include "runtime/plan_choice.h"

#include <algorithm>
#include <utility>

#include "foundation/clock.h"
#include "plan/online.h"

namespace convoy::runtime {
namespace {

// A plan is barred, or shunned, twice as long each time, up to this; and when it was not slow for
// so long, as long as the first time again.
constexpr Seconds kLongest{60};
// Below that a plan is not called slow: rates vary.
constexpr double kSlow = 2;
// Requests until it is known how slow another plan is, roughly.
constexpr double kToBeSeen = 40;
// Of a plan with a link that stands still.
constexpr double kStill = 1000;

}  // namespace

PlanChoice::PlanChoice(const std::vector<Candidate>& candidates) {
  for (const Candidate& candidate : candidates) plans_.push_back({candidate});
}

bool PlanChoice::is_shunned(const Plan& plan, Time now) const {
  return plan.shunned && now < *plan.shunned;
}

bool PlanChoice::is_slow(const Plan& plan, Time now) const {
  return is_shunned(plan, now) && plan.each.count() > 0;
}

std::optional<std::set<DeviceId>> PlanChoice::suspects(Time now) const {
  std::optional<std::set<DeviceId>> common;
  for (const Plan& plan : plans_) {
    if (!is_slow(plan, now)) continue;
    if (!common) common = plan.devices;
    std::erase_if(*common, [&](DeviceId device) { return !plan.devices.contains(device); });
  }
  return common;
}

std::optional<double> PlanChoice::slowdown(std::size_t plan, Time now) const {
  return is_shunned(plans_[plan], now) ? std::optional(plans_[plan].slowdown) : std::nullopt;
}

Seconds PlanChoice::period_of(const Plan& plan, Time now) const {
  const Seconds expected = plan.period * reality_.value_or(1);
  if (!is_shunned(plan, now)) return expected;
  return plan.each.count() > 0 ? plan.each : expected * plan.slowdown;
}

std::optional<std::size_t> PlanChoice::best(const Fits& fits, Time now) const {
  const auto culprits = suspects(now);
  const auto is_suspect = [&](const Plan& plan) {
    return culprits && !culprits->empty() && std::ranges::includes(plan.devices, *culprits);
  };
  std::optional<std::size_t> quick;
  std::optional<std::size_t> suspect;
  std::optional<std::size_t> shunned;
  std::optional<std::size_t> unsteady;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    const Plan& plan = plans_[i];
    if (plan.barred && now < *plan.barred) continue;
    if (quick && !is_shunned(plan, now)) continue;  // it comes later
    const Fit fit = fits(i);
    if (fit == Fit::unsteady && !unsteady) unsteady = i;
    if (fit != Fit::steady) continue;
    if (is_shunned(plan, now)) {
      if (!shunned || period_of(plan, now) < period_of(plans_[*shunned], now)) shunned = i;
    } else if (i != running_ && is_suspect(plan)) {
      if (!suspect) suspect = i;
    } else if (!quick) {
      quick = i;
    }
  }
  if (!quick) quick = suspect;
  const bool is_better =
      quick && shunned && period_of(plans_[*shunned], now) < period_of(plans_[*quick], now);
  if (shunned && (!quick || is_better)) return shunned;
  if (quick) return quick;
  // Rather one that may be gone again than none.
  return running_ ? std::nullopt : unsteady;
}

bool PlanChoice::pays(std::size_t plan, Seconds there, Seconds standstill, Time now) const {
  if (plan == *running_) return false;
  if (plan > *running_ && !is_shunned(plans_[*running_], now)) return false;
  const Seconds current = period_of(plans_[*running_], now);
  const Seconds better = period_of(plans_[plan], now);
  if (current.count() <= 0 || better.count() <= 0) return true;
  return plan::should_switch({.current = 1 / current.count(),
                              .better = 1 / better.count(),
                              .remaining = there,
                              .standstill = standstill});
}

void PlanChoice::begin(std::size_t plan, std::uint64_t answered, Time now) {
  running_ = plan;
  Plan& begun = plans_[plan];
  begun.barred.reset();
  begun.failure.reset();
  begun.bar = Plan{}.bar;
  begun.watch.begin(answered, now);
  if (reality_ && begun.period.count() > 0) begun.watch.expect(*reality_ * begun.period);
}

void PlanChoice::look(std::uint64_t answered, bool is_busy, Time now) {
  Plan& plan = plans_[*running_];
  const auto verdict = plan.watch.look(answered, is_busy, now);
  if (!verdict) return;
  if (verdict->times >= kSlow) {
    shun(verdict->times, verdict->each, now);
    if (!suspects(now)->empty()) return;
    for (const Plan& each : plans_) {
      if (!is_slow(each, now) || each.period.count() <= 0) continue;
      reality_ = std::max(reality_.value_or(0), each.each / each.period);
    }
    return;
  }
  plan.shunned.reset();
  if (plan.slow && now - *plan.slow > kLongest) plan.shun = Plan{}.shun;
  if (plan.period.count() > 0) reality_ = verdict->each / plan.period;
}

void PlanChoice::lose_link(Time now) { shun(kStill, Seconds(0), now); }

void PlanChoice::shun(double slowdown, Seconds each, Time now) {
  Plan& plan = plans_[*running_];
  // While it goes on like that, it is all one.
  if (plan.slow && !is_shunned(plan, now)) plan.shun = std::min(kLongest, 2 * plan.shun);
  plan.slow = now;
  plan.slowdown = slowdown;
  plan.each = each;
  renew(*running_, now);
}

void PlanChoice::renew(std::size_t number, Time now) {
  Plan& plan = plans_[number];
  // Long enough to see whether another one is better.
  plan.shunned = later(now, std::max(plan.shun, std::min(kLongest, kToBeSeen * plan.each)));
}

void PlanChoice::fail(std::size_t plan, Error error, Time now) {
  Plan& failed = plans_[plan];
  failed.failure = std::move(error);
  failed.barred = later(now, failed.bar);
  failed.bar = std::min(kLongest, 2 * failed.bar);
}

}  // namespace convoy::runtime
