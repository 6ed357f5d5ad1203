#include "plan/plan_file.h"

#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "foundation/json.h"
#include "plan/marginal.h"
#include "plan/objective.h"
#include "plan/one_request.h"
#include "plan/text_table.h"

namespace convoy::plan {

using convoy::to_text;  // Seconds are std's, so their namespace does not lead here

namespace {

using Json = nlohmann::ordered_json;

// What no placement is below.
std::string bounds_of(const Plan& plan) {
  const double reached = value_of(plan.figures, plan.objective);
  if (plan.proven) {
    return fmt::format("no placement has {}",
                       plan.objective == Objective::throughput ? "a shorter period"
                                                               : fmt::format("less {}", name_of(plan.objective)));
  }
  std::string text = fmt::format("no placement is below {} ({:.0f} % less)",
                                 text_of(*plan.bound, plan.objective), 100 * *gap(plan));
  if (plan.contiguous_bound) {
    const bool is_met = std::abs(*plan.contiguous_bound / reached - 1) < 1e-9;
    text += fmt::format(", none that is contiguous below {}",
                        is_met ? "this" : text_of(*plan.contiguous_bound, plan.objective));
  }
  return text;
}

std::string_view name_of(Marginal::Change change) {
  switch (change) {
    case Marginal::Change::another_device:
      return "another_device";
    case Marginal::Change::faster_link:
      return "faster_link";
    case Marginal::Change::more_memory:
      return "more_memory";
    case Marginal::Change::without_device:
      return "without_device";
  }
  return "";
}

template <class I, class T>
Json names_of(const std::vector<I>& ids, const ById<I, T>& items) {
  Json names = Json::array();
  for (const I id : ids) names.push_back(items[id].name);
  return names;
}

std::string share_of(Seconds part, Seconds whole) {
  return whole > Seconds(0) ? fmt::format("{:.0f} %", 100 * (part / whole)) : "-";
}

// The end of a name that is too long for a column.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 32;
  return name.size() <= kMost ? name : "..." + name.substr(name.size() - kMost + 3);
}

// What would help, what would not, and what each device is worth.
std::string marginal_text(const Plan& plan) {
  std::string text;
  std::string worths;
  std::vector<std::string> useless;
  for (const Marginal& marginal : plan.marginal) {
    if (marginal.change == Marginal::Change::without_device) {
      worths += fmt::format("- {}\n", to_text(marginal, plan));
    } else if (marginal.gain >= kLeastGain) {
      text += fmt::format("- {}\n", to_text(marginal, plan));
    } else {
      useless.push_back(marginal.what);
    }
  }
  constexpr std::size_t kMost = 5;
  if (useless.size() > kMost) {
    const std::size_t more = useless.size() - kMost + 1;
    useless.resize(kMost - 1);
    useless.push_back(fmt::format("and {} more", more));
  }
  if (!useless.empty()) text += fmt::format("- of no use: {}\n", fmt::join(useless, ", "));
  text += worths;
  return text.empty() ? text : "with another fleet (planned anew, estimated):\n" + text;
}

// "laptop", or "laptop 2x + phone 1x" where they take turns.
std::string who_runs(const PlacedStage& stage, const fleet::Fleet& fleet) {
  if (stage.replicas.empty()) return fleet.devices[stage.device].name;
  std::string text = fmt::format("{} {}x", fleet.devices[stage.device].name, stage.turns);
  for (const Replica& replica : stage.replicas) {
    text += fmt::format(" + {} {}x", fleet.devices[replica.device].name, replica.turns);
  }
  return text;
}

std::string memory_of(Bytes needed, Bytes limit) {
  return limit.value() > 0 ? fmt::format("{} of {}", to_text(needed), to_text(limit))
                           : to_text(needed);
}

// What makes up the latency.
Json path_of(const Plan& plan, const CostGraph& graph, const fleet::Fleet& fleet) {
  Json path = Json::array();
  for (const Step& step :
       critical_path(one_request(graph, fleet, plan.placement, plan.figures.stages))) {
    Json json = {{"stage", step.stage.index() + 1}, {"device", fleet.devices[step.device].name}};
    if (step.to) {
      json["to"] = fleet.devices[*step.to].name;
      json["bytes"] = step.bytes.value();
    }
    json["start_s"] = step.start.count();
    json["end_s"] = step.end.count();
    path.push_back(std::move(json));
  }
  return path;
}

Json json_of(const Plan& plan, const CostGraph& graph, const fleet::Fleet& fleet) {
  const Figures& figures = plan.figures;
  const auto distance = gap(plan);
  const std::string unit = plan.objective == Objective::energy ? "_j" : "_s";
  Json json = {{"solver", plan.solver},
               {"objective", name_of(plan.objective)},
               {"costs", graph.source},
               {"items", graph.items},
               {"period_s", figures.period.count()},
               {"latency_s", figures.latency.count()},
               {"energy_j", figures.energy.value()},
               {"bound" + unit, plan.bound ? Json(*plan.bound) : Json()},
               {"gap", distance ? Json(*distance) : Json()},
               {"proven", plan.proven},
               {"contiguous_bound" + unit,
                plan.contiguous_bound ? Json(*plan.contiguous_bound) : Json()}};
  json["stages"] = Json::array();
  for (std::size_t i = 0; i < plan.placement.size(); ++i) {
    const PlacedStage& placed = plan.placement[i];
    const StageFigures& stage = figures.stages[i];
    json["stages"].push_back({{"device", fleet.devices[placed.device].name},
                              {"nodes", names_of(placed.nodes, graph.nodes)},
                              {"inputs", names_of(stage.inputs, graph.values)},
                              {"outputs", names_of(stage.outputs, graph.values)},
                              {"compute_s", stage.compute.count()},
                              {"send_s", stage.send.count()},
                              {"sent_bytes", stage.sent.value()},
                              {"memory_bytes", figures.memory[placed.device].value()}});
    if (placed.replicas.empty()) continue;
    json["stages"].back()["turns"] = names_in_turn(placed, fleet);
  }
  json["critical_path"] = path_of(plan, graph, fleet);
  json["unused"] = Json::array();
  for (const Unused& unused : plan.unused) {
    json["unused"].push_back({{"device", fleet.devices[unused.device].name}, {"why", unused.why}});
  }
  json["limits"] = plan.limits;
  json["marginal"] = Json::array();
  for (const Marginal& marginal : plan.marginal) {
    json["marginal"].push_back({{"change", name_of(marginal.change)},
                                {"what", marginal.what},
                                {"value", marginal.value ? Json(*marginal.value) : Json()},
                                {"gain", marginal.value ? Json(marginal.gain) : Json()},
                                {"proven", marginal.proven}});
  }
  return json;
}

// Names come from models and may be no UTF-8; better a mark in a name than no plan.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<std::string> names_in_turn(const PlacedStage& stage, const fleet::Fleet& fleet) {
  std::vector<std::string> names;
  for (const DeviceId device : cycle_of(stage)) names.push_back(fleet.devices[device].name);
  return names;
}

std::vector<std::vector<std::string>> names_in_turn(const Placement& placement,
                                                    const fleet::Fleet& fleet) {
  std::vector<std::vector<std::string>> names;
  for (const PlacedStage& stage : placement) names.push_back(names_in_turn(stage, fleet));
  return names;
}

std::string to_json(const Plan& plan, const CostGraph& graph, const fleet::Fleet& fleet) {
  return text_of(json_of(plan, graph, fleet));
}

std::string front_to_json(const std::vector<Plan>& plans, const CostGraph& graph,
                          const fleet::Fleet& fleet) {
  Json list = Json::array();
  for (const Plan& plan : plans) list.push_back(json_of(plan, graph, fleet));
  return text_of(Json{{"plans", std::move(list)}});
}

std::string front_to_text(const std::vector<Plan>& plans, const fleet::Fleet& fleet) {
  std::vector<std::vector<std::string>> rows = {
      {"plan", "period", "latency", "energy", "power", "computing"}};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const Figures& figures = plans[i].figures;
    std::vector<std::string> who;
    for (const DeviceId device : fleet.devices.ids()) {
      const Seconds busy = figures.busy[device];
      if (busy <= Seconds(0)) continue;
      who.push_back(fmt::format("{} {}", fleet.devices[device].name, to_text(busy)));
    }
    const Joules energy = figures.energy;
    const bool is_known = energy.value() > 0 && figures.period > Seconds(0);
    rows.push_back({fmt::format("{}.", i + 1), to_text(figures.period), to_text(figures.latency),
                    is_known ? to_text(energy) : "-",
                    is_known ? to_text(Watts(energy.value() / figures.period.count())) : "-",
                    fmt::format("{}", fmt::join(who, ", "))});
  }
  return text_table(rows);
}

std::string to_text(const Plan& plan, const CostGraph& graph, const fleet::Fleet& fleet) {
  const Figures& figures = plan.figures;
  Seconds all{0};
  for (const StageFigures& stage : figures.stages) all += stage.compute;
  std::vector<std::vector<std::string>> rows = {
      {"stage", "nodes", "up to", "compute", "share", "sends", "in", "memory"}};
  for (std::size_t i = 0; i < plan.placement.size(); ++i) {
    const DeviceId device = plan.placement[i].device;
    const StageFigures& stage = figures.stages[i];
    rows.push_back({fmt::format("{}. {}", i + 1, who_runs(plan.placement[i], fleet)),
                    fmt::format("{}", plan.placement[i].nodes.size()),
                    shortened(graph.nodes[plan.placement[i].nodes.back()].name),
                    to_text(stage.compute), share_of(stage.compute, all), to_text(stage.sent),
                    stage.sent.value() > 0 ? to_text(stage.send) : "-",
                    memory_of(figures.memory[device], fleet.devices[device].memory)});
  }
  std::string text = text_table(rows);
  const Seconds period = figures.period;
  text += fmt::format("\nperiod {}", to_text(period));
  if (period > Seconds(0)) {
    text += fmt::format(" ({:.3g} requests a second", 1 / period.count());
    if (graph.items > 1) {
      text += fmt::format(" of {} items: {:.3g} items a second", graph.items,
                          graph.items / period.count());
    }
    text += ")";
  }
  text += fmt::format(", latency {}", to_text(figures.latency));
  if (figures.energy.value() > 0) text += fmt::format(", {} a request", to_text(figures.energy));
  if (plan.bound) text += "; " + bounds_of(plan);
  text += fmt::format("\nsolver: {}\n", plan.solver);
  if (!graph.source.empty()) text += fmt::format("costs: {}\n", graph.source);
  for (const std::string& sentence : plan.limits) text += fmt::format("- {}\n", sentence);
  for (const Unused& unused : plan.unused) {
    text += fmt::format("- {} is not used: {}\n", fleet.devices[unused.device].name, unused.why);
  }
  return text + marginal_text(plan);
}

Result<std::vector<PlannedStage>> read_stages(const std::string& json, const std::string& file) {
  std::vector<PlannedStage> stages;
  const Result<void> read = read_json(json, file, [&](const nlohmann::json& plan) -> Result<void> {
    for (const nlohmann::json& stage : json_list(plan, "stages")) {
      stages.push_back({.turns = stage.contains("turns") ? json_texts(stage, "turns")
                                                         : std::vector{json_text(stage, "device")},
                        .nodes = json_texts(stage, "nodes")});
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  if (stages.empty()) return fail(ErrorKind::input, "{}: the plan has no stages", file);
  return stages;
}

}  // namespace convoy::plan
