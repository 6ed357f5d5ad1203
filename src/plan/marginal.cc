#include "plan/marginal.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "plan/another_device.h"
#include "plan/device_kinds.h"
#include "plan/evaluate.h"
#include "plan/explain.h"
#include "plan/objective.h"
#include "plan/problem.h"
#include "plan/reduced.h"
#include "plan/stage_memory.h"

namespace convoy::plan {
namespace {

using Change = Marginal::Change;

constexpr Bytes kMoreMemory{256'000'000};

Seconds time_of(double bytes, const fleet::Link& link) {
  return Seconds(link.bandwidth.value() > 0 ? bytes / link.bandwidth.value() : 0);
}

// A change to look at, and how busy what it changes is, as a part of the period.
struct Question {
  Change change;
  std::string what;
  double load = 0;
  std::function<Problem()> changed;
};

class Questions {
 public:
  Questions(const CostGraph& graph, const fleet::Fleet& fleet, const Plan& plan)
      : graph_(graph), fleet_(fleet), plan_(plan), model_memory_(model_memory(graph)) {
    const Alike alike =
        plan.objective == Objective::throughput ? Alike::in_period : Alike::in_all;
    const DeviceKinds kinds = kinds_of(graph, fleet, std::nullopt, kAnySets, alike);
    for (const Kind& kind : kinds.kinds) {
      add_another(kind);
      add_memory(kind);
      add_without(kind);
    }
    add_links();
    // Those of one load in the order of the fleet.
    std::ranges::stable_sort(questions_, std::greater(), &Question::load);
  }
  std::vector<Question> take() && { return std::move(questions_); }

 private:
  [[nodiscard]] const std::string& name(DeviceId device) const {
    return fleet_.devices[device].name;
  }
  [[nodiscard]] double part_of_period(Seconds time) const {
    return plan_.figures.period > Seconds(0) ? time / plan_.figures.period : 0;
  }
  void add(Change change, std::string what, double load, auto change_fleet) {
    questions_.push_back({change, std::move(what), load, [this, change_fleet] {
                            Problem problem{.graph = graph_, .fleet = fleet_};
                            change_fleet(problem.fleet);
                            return problem;
                          }});
  }

  void add_another(const Kind& kind) {
    const auto busy = [&](DeviceId device) { return plan_.figures.busy[device]; };
    const DeviceId device = std::ranges::max(kind.devices, {}, busy);
    questions_.push_back({Change::another_device, fmt::format("one more {}", name(device)),
                          part_of_period(busy(device)),
                          [this, device] { return with_another(graph_, fleet_, device); }});
  }

  void add_memory(const Kind& kind) {
    const auto taken = [&](DeviceId device) { return plan_.figures.memory[device]; };
    const DeviceId device = std::ranges::max(kind.devices, {}, taken);
    const Bytes memory = fleet_.devices[device].memory;
    if (memory.value() == 0 || memory >= model_memory_ + graph_.runtime_memory[device]) return;
    add(Change::more_memory,
        fmt::format("{} more memory on {}", to_text(kMoreMemory), name(device)),
        taken(device) / memory,
        [device](fleet::Fleet& fleet) { fleet.devices[device].memory += kMoreMemory; });
  }

  void add_links() {
    if (fleet_.contention == fleet::Contention::link) add_pairs();
    if (fleet_.contention == fleet::Contention::radio) add_radios();
    const bool is_limited = std::ranges::any_of(fleet_.devices.ids(), [&](DeviceId device) {
      return fleet_.fastest_link(device).value() > 0;
    });
    if (fleet_.devices.size() < 2 || !is_limited) return;
    const bool is_medium = fleet_.contention == fleet::Contention::medium;
    add(Change::faster_link, is_medium ? "the medium twice as fast" : "all links twice as fast", 1,
        [](fleet::Fleet& fleet) {
          for (auto& row : fleet.links) {
            for (fleet::Link& link : row) link.bandwidth = 2 * link.bandwidth;
          }
        });
  }

  void add_pairs() {
    for (const auto& [pair, flow] : traffic_of(graph_, plan_.placement)) {
      const auto [from, to] = pair;
      const fleet::Link& link = fleet_.links[from][to];
      if (link.bandwidth.value() <= 0) continue;
      add(Change::faster_link, fmt::format("the link {} -> {} twice as fast", name(from), name(to)),
          part_of_period(time_of(flow.most_bytes, link)), [from, to](fleet::Fleet& fleet) {
            fleet.links[from][to].bandwidth = 2 * fleet.links[from][to].bandwidth;
          });
    }
  }

  // A radio's links are as fast as the slower end's, so it helps those of which the other is
  // faster.
  void add_radios() {
    std::map<DeviceId, Seconds> busy;
    for (const auto& [pair, flow] : traffic_of(graph_, plan_.placement)) {
      const auto [from, to] = pair;
      for (const DeviceId end : {from, to}) {
        busy[end] += time_of(flow.bytes, fleet_.links[from][to]);
      }
    }
    for (const auto& [device, time] : busy) {
      if (time <= Seconds(0)) continue;
      add(Change::faster_link, fmt::format("all links of {} twice as fast", name(device)),
          part_of_period(time), [device](fleet::Fleet& fleet) {
            for (const DeviceId other : fleet.devices.ids()) {
              if (other == device) continue;
              for (fleet::Link* link : {&fleet.links[device][other], &fleet.links[other][device]}) {
                link->bandwidth = 2 * link->bandwidth;
              }
            }
          });
    }
  }

  // Which one of a kind makes no difference.
  void add_without(const Kind& kind) {
    std::vector<DeviceId> used = kind.devices;
    std::erase_if(used, [&](DeviceId device) { return !uses(plan_.placement, device); });
    if (used.empty() || fleet_.devices.size() < 2) return;
    const DeviceId device = used.front();
    const std::string what = used.size() == 1
                                 ? fmt::format("without {}", name(device))
                                 : fmt::format("without one of {} like {}", used.size(), name(device));
    questions_.push_back({Change::without_device, what, -1, [this, device] {
                            ById<DeviceId, bool> present(fleet_.devices.size(), true);
                            present[device] = false;
                            return reduced(graph_, fleet_, present).problem;
                          }});
  }

  const CostGraph& graph_;
  const fleet::Fleet& fleet_;
  const Plan& plan_;
  Bytes model_memory_;
  std::vector<Question> questions_;
};

}  // namespace

std::vector<Marginal> marginal_values(const CostGraph& graph, const fleet::Fleet& fleet,
                                      const Plan& plan, const Solver& solver,
                                      const SolveOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  const auto left = [&] { return options.budget - Seconds(Clock::now() - begun); };
  const double present = value_of(plan.figures, plan.objective);
  std::vector<Marginal> values;
  Questions asked(graph, fleet, plan);
  const std::vector<Question> questions = std::move(asked).take();
  for (std::size_t i = 0; i < questions.size() && left() > Seconds(0) && !options.stop(); ++i) {
    const Question& question = questions[i];
    const bool can_hurt = question.change == Change::without_device;
    const Problem changed = question.changed();
    // The plan stays possible, and may gain without being changed.
    const double kept =
        can_hurt
            ? present
            : std::min(present, value_of(evaluate(changed.graph, changed.fleet, plan.placement),
                                         plan.objective));
    const auto gain_of = [&](double value) { return present > 0 ? 1 - value / present : 0; };
    Marginal& marginal = values.emplace_back(Marginal{
        .change = question.change, .what = question.what, .value = kept, .gain = gain_of(kept)});
    std::optional<double> bound;
    if (options.replicas == Replicas::none) {
      bound = objective_bound(changed.graph, changed.fleet, plan.objective);
      if (!can_hurt && *bound >= kept * (1 - 1e-9)) {
        marginal.proven = true;
        continue;
      }
    }
    const Seconds share = left() / static_cast<double>(questions.size() - i);
    const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(share);
    const Result<Plan> other = solver(
        changed.graph, changed.fleet,
        {.objective = plan.objective,
         .replicas = options.replicas,
         .budget = share,
         .seed = options.seed,
         .stop = [&] { return options.stop() || Clock::now() >= until; },
         .bound = bound && plan.objective == Objective::throughput ? std::optional(Seconds(*bound))
                                                                   : std::nullopt,
         .explanation = Explanation::none});
    if (!other) {
      if (!can_hurt) continue;
      if (other.error().kind == ErrorKind::infeasible) {
        marginal.value.reset();
        marginal.gain = -std::numeric_limits<double>::infinity();
      } else {
        values.pop_back();
      }
      continue;
    }
    const double found = value_of(other->figures, plan.objective);
    // What was found without a device would do with it as well.
    marginal.value = can_hurt ? std::max(found, present) : std::min(found, kept);
    marginal.proven = other->proven && *marginal.value == found;
    marginal.gain = gain_of(*marginal.value);
  }
  std::ranges::stable_sort(values, std::greater(), &Marginal::gain);
  return values;
}

std::string to_text(const Marginal& marginal, const Plan& plan) {
  if (!marginal.value) return marginal.what + ": no plan was found that fits";
  if (std::abs(marginal.gain) < kLeastGain) return marginal.what + ": nothing";
  const std::string_view word =
      plan.objective == Objective::throughput ? "period" : name_of(plan.objective);
  return fmt::format("{}: {} {} instead of {} ({:.0f} % {})", marginal.what, word,
                     text_of(*marginal.value, plan.objective),
                     text_of(value_of(plan.figures, plan.objective), plan.objective),
                     100 * std::abs(marginal.gain), marginal.gain > 0 ? "less" : "more");
}

}  // namespace convoy::plan
