// Which of several plans is to run, by what became of each.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "foundation/units.h"
#include "runtime/slowdown.h"

namespace convoy::runtime {

// Plans are numbers, the best first. A plan that failed is barred for a while. One that has become
// slow, or lost a link, is shunned for a while: others that fit are taken instead while they are
// better, by what they took when they ran, else by their prediction and how exact predictions were.
// What makes plans slow is looked for among the devices that all slow ones use, so those are taken
// first that do without one of these; where there is no such device, everything is slow. No clock
// of its own.
class PlanChoice {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Fit {
    none,
    unsteady,
    steady
  };  // whether its devices are there, and have been a while
  using Fits = std::function<Fit(std::size_t plan)>;

  struct Candidate {
    Seconds period{0};  // predicted; 0: not known
    std::set<DeviceId> devices{};
  };
  explicit PlanChoice(const std::vector<Candidate>& candidates);

  // Nothing if none fits. Unsteady ones only while none runs.
  [[nodiscard]] std::optional<std::size_t> best(const Fits& fits, Time now) const;
  // Whether to leave the plan that runs for this one, which has fitted for `there`, although all
  // stands still for a while (plan/online.h).
  [[nodiscard]] bool pays(std::size_t plan, Seconds there, Seconds standstill, Time now) const;

  [[nodiscard]] std::optional<std::size_t> running() const { return running_; }
  void begin(std::size_t plan, std::uint64_t answered, Time now);
  void end() { running_.reset(); }

  // As Slowdown's, of the plan that runs.
  void look(std::uint64_t answered, bool is_busy, Time now);
  // It lost a link.
  void lose_link(Time now);
  // Whatever it was that made a plan slow is away now.
  void forgive(std::size_t plan) { plans_[plan].shunned.reset(); }
  // How many times as long as it did a request takes, of a plan that is shunned.
  [[nodiscard]] std::optional<double> slowdown(std::size_t plan, Time now) const;
  // It stays shunned for as long as from now on.
  void renew(std::size_t number, Time now);

  void fail(std::size_t plan, Error error, Time now);
  // Why it failed when it was tried last.
  [[nodiscard]] const std::optional<Error>& failure(std::size_t plan) const {
    return plans_[plan].failure;
  }

 private:
  struct Plan : Candidate {
    std::optional<Error> failure{};
    std::optional<Time> barred{};  // until then
    Seconds bar{5};
    std::optional<Time> shunned{};  // until then
    Seconds shun{10};
    std::optional<Time> slow{};  // when it was so last
    double slowdown = 1;
    Seconds each{0};  // that a request took then; 0: not known
    Slowdown watch{};
  };
  [[nodiscard]] bool is_shunned(const Plan& plan, Time now) const;
  // It is, and has been measured.
  [[nodiscard]] bool is_slow(const Plan& plan, Time now) const;
  // The devices of all slow plans; nothing if none is.
  [[nodiscard]] std::optional<std::set<DeviceId>> suspects(Time now) const;
  // What to expect of it.
  [[nodiscard]] Seconds period_of(const Plan& plan, Time now) const;
  // The plan that runs.
  void shun(double slowdown, Seconds each, Time now);

  std::vector<Plan> plans_;
  std::optional<std::size_t> running_;
  std::optional<double> reality_;  // how many times as long as predicted requests take
};

}  // namespace convoy::runtime
