#include "plan/over_time_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "plan/placement_text.h"
#include "plan/text_table.h"

namespace convoy::plan {

using convoy::to_text;  // Seconds are std's, so their namespace does not lead here

namespace {

using Json = nlohmann::ordered_json;

std::optional<Seconds> mean_period(const Turn& turn) {
  if (turn.served <= 0) return std::nullopt;
  return (turn.end - turn.ready) / turn.served;
}

std::string point_in_time(Seconds time) { return fmt::format("{:.1f} s", time.count()); }
std::string requests(double number) { return fmt::format("{:.0f}", number); }

}  // namespace

std::string to_json(const OverTime& over_time, const CostGraph& graph, const fleet::Fleet& fleet) {
  Json json = {{"source", "modelled"},
               {"horizon_s", over_time.best.turns.back().end.count()},
               {"plans", Json::array()},
               {"schedule", Json::array()}};
  for (const Placement& plan : over_time.plans) {
    json["plans"].push_back({{"stages", stages_json(plan, graph, fleet)}});
  }
  for (const Turn& turn : over_time.best.turns) {
    const auto period = mean_period(turn);
    json["schedule"].push_back({{"from_s", turn.begin.count()},
                                {"to_s", turn.end.count()},
                                {"serves_from_s", turn.ready.count()},
                                {"plan", turn.plan.index()},
                                {"period_s", period ? Json(period->count()) : Json()},
                                {"served", turn.served},
                                {"moved_bytes", turn.moved.value()}});
  }
  json["served"] = over_time.best.served;
  json["exact"] = over_time.best.exact;
  json["fixed"] = {{"plan", over_time.fixed.turns.front().plan.index()},
                   {"served", over_time.fixed.served}};
  json["without_move_costs"] = over_time.without_move_costs;
  json["online"] = {{"served", over_time.online.served},
                    {"switches", over_time.online.turns.size() - 1}};
  json["stored"] = {{"served", over_time.best_stored.served},
                    {"online_served", over_time.online_stored.served}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const OverTime& over_time, const fleet::Fleet& fleet) {
  std::set<PlanId> used = {over_time.fixed.turns.front().plan};
  std::vector<std::vector<std::string>> rows = {
      {"from", "to", "plan", "period", "served", "moves", "stands still"}};
  for (const Turn& turn : over_time.best.turns) {
    used.insert(turn.plan);
    const auto period = mean_period(turn);
    rows.push_back({point_in_time(turn.begin), point_in_time(turn.end),
                    fmt::format("{}", turn.plan.index() + 1), period ? to_text(*period) : "-",
                    requests(turn.served), turn.moved.value() > 0 ? to_text(turn.moved) : "-",
                    turn.ready > turn.begin ? to_text(turn.ready - turn.begin) : "-"});
  }
  std::string text = text_table(rows) + "\n";
  for (const PlanId plan : used) {
    text += fmt::format("plan {}, nodes by stage: {}\n", plan.index() + 1,
                        to_text(over_time.plans[plan], fleet));
  }
  const double served = over_time.best.served;
  text += fmt::format("\nrequests served in {} (modelled, as all figures here):\n",
                      point_in_time(over_time.best.turns.back().end));
  text += text_table(
      {{"this schedule", requests(served)},
       {fmt::format("plan {} all the time, the best single one",
                    over_time.fixed.turns.front().plan.index() + 1),
        requests(over_time.fixed.served)},
       {"switching by rule, without knowing what comes", requests(over_time.online.served)},
       {"a schedule with all plans' weights stored in advance",
        requests(over_time.best_stored.served)},
       {"the same, without knowing what comes", requests(over_time.online_stored.served)},
       {"if switching cost nothing", requests(over_time.without_move_costs)}});
  text += fmt::format("- {} plans were looked at; {}\n", over_time.plans.size(),
                      over_time.best.exact
                          ? "no schedule of these serves more"
                          : "not all ways to store weights were kept, so a schedule of these may "
                            "serve more");
  return text;
}

}  // namespace convoy::plan
