#include "plan/standby_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "plan/placement_text.h"
#include "plan/text_table.h"

namespace convoy::plan {

using convoy::to_text;  // Seconds are std's, so their namespace does not lead here

namespace {

using Json = nlohmann::ordered_json;

Json seconds(const std::optional<Seconds>& time) { return time ? Json(time->count()) : Json(); }

std::string text_of(const Transfer& transfer) {
  if (transfer.bytes.value() == 0) return "nothing";
  return fmt::format("{}, {}", to_text(transfer.bytes),
                     transfer.time ? to_text(*transfer.time) : "which cannot come");
}

// The nodes that read any of these weights.
Json readers_of(const std::vector<WeightId>& weights, const CostGraph& graph) {
  Json names = Json::array();
  for (const CostNode& node : graph.nodes) {
    if (std::ranges::any_of(node.weights, [&](WeightId weight) {
          return std::ranges::binary_search(weights, weight);
        })) {
      names.push_back(node.name);
    }
  }
  return names;
}

Json json_of(const Standby& standby, Seconds period_before, const CostGraph& graph,
             const fleet::Fleet& fleet) {
  Json json = {{"lost", fleet.devices[standby.lost].name}};
  if (!standby.plan) {
    json["why"] = standby.plan.error().message;
    return json;
  }
  const StandbyPlan& plan = *standby.plan;
  json["period_before_s"] = period_before.count();
  json["period_s"] = plan.figures.period.count();
  json["move_bytes"] = plan.move.bytes.value();
  json["move_s"] = seconds(plan.move.time);
  json["move_bytes_stored"] = plan.move_stored.bytes.value();
  json["move_s_stored"] = seconds(plan.move_stored.time);
  json["stages"] = stages_json(plan.placement, graph, fleet);
  return json;
}

}  // namespace

std::string with_standby(const std::string& plan_json, const StandbyPlans& standby,
                         Seconds period_before, const CostGraph& graph, const fleet::Fleet& fleet) {
  Json json = Json::parse(plan_json);
  json["standby"] = Json::array();
  for (const Standby& one : standby.losses) {
    json["standby"].push_back(json_of(one, period_before, graph, fleet));
  }
  json["store"] = Json::array();
  for (const StoredWeights& stored : standby.store) {
    json["store"].push_back({{"device", fleet.devices[stored.device].name},
                             {"weights_bytes", stored.bytes.value()},
                             {"nodes", readers_of(stored.weights, graph)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string to_text(const StandbyPlans& standby, Seconds period_before, const fleet::Fleet& fleet) {
  std::vector<std::vector<std::string>> rows = {
      {"lost", "period", "so far", "moves", "if stored", "nodes by stage"}};
  std::string none;
  for (const Standby& one : standby.losses) {
    const std::string& name = fleet.devices[one.lost].name;
    if (!one.plan) {
      none += fmt::format("- without {} no plan fits: {}\n", name, one.plan.error().message);
      continue;
    }
    rows.push_back({name, to_text(one.plan->figures.period), to_text(period_before),
                    text_of(one.plan->move), text_of(one.plan->move_stored),
                    to_text(one.plan->placement, fleet)});
  }
  std::string text = "standby plans, should a device be lost (modelled):\n";
  if (rows.size() > 1) text += text_table(rows);
  text += none;
  for (const StoredWeights& stored : standby.store) {
    text += fmt::format("- stored in advance on {}: weights of {}\n",
                        fleet.devices[stored.device].name, to_text(stored.bytes));
  }
  if (!standby.store.empty()) {
    text += fmt::format("- over all losses links carry weights for {}", to_text(standby.moving));
    text += standby.moving_stored > standby.moving * 1e-9
                ? fmt::format(
                      ", for {} with those stored; no choice of what to store leaves less "
                      "than {}\n",
                      to_text(standby.moving_stored), to_text(standby.moving_bound))
                : "; with those stored none has to move\n";
  }
  return text;
}

}  // namespace convoy::plan
