#include "plan/plan_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "foundation/json.h"
#include "plan/marginal.h"

namespace convoy::plan {

using convoy::to_text;  // Seconds are std's, so their namespace does not lead here

namespace {

using Json = nlohmann::ordered_json;

std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::throughput: return "throughput";
    case Objective::latency: return "latency";
    case Objective::energy: return "energy";
  }
  return "";
}

std::string_view name_of(Marginal::Change change) {
  switch (change) {
    case Marginal::Change::another_device: return "another_device";
    case Marginal::Change::faster_link: return "faster_link";
    case Marginal::Change::more_memory: return "more_memory";
    case Marginal::Change::without_device: return "without_device";
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

// Columns padded to their widest cell; the first column to the left, the others to the right.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = fmt::format("{:<{}}", row[0], widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i) {
      line += fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += line + "\n";
  }
  return text;
}

// The end of a name that is too long for a column.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 32;
  return name.size() <= kMost ? name : "..." + name.substr(name.size() - kMost + 3);
}

// What would help, what would not, and what each device is worth.
std::string marginal_text(const Plan& plan) {
  std::string text;
  std::vector<std::string> useless;
  for (const Marginal& marginal : plan.marginal) {
    const bool is_worth = marginal.change == Marginal::Change::without_device;
    if (is_worth || marginal.gain >= kLeastGain) {
      text += fmt::format("- {}\n", to_text(marginal, plan));
    } else {
      useless.push_back(marginal.what);
    }
  }
  if (!useless.empty()) text += fmt::format("- of no use: {}\n", fmt::join(useless, ", "));
  return text.empty() ? text : "with another fleet (planned anew, estimated):\n" + text;
}

std::string memory_of(Bytes needed, Bytes limit) {
  return limit.value() > 0 ? fmt::format("{} of {}", to_text(needed), to_text(limit))
                           : to_text(needed);
}

}  // namespace

std::string to_json(const Plan& plan, const CostGraph& graph, const fleet::Fleet& fleet) {
  const Figures& figures = plan.figures;
  const auto distance = gap(plan);
  Json json = {{"solver", plan.solver},
               {"objective", name_of(plan.objective)},
               {"period_s", figures.period.count()},
               {"latency_s", figures.latency.count()},
               {"energy_j", figures.energy.value()},
               {"bound_s", plan.bound ? Json(plan.bound->count()) : Json()},
               {"gap", distance ? Json(*distance) : Json()},
               {"proven", plan.proven},
               {"contiguous_bound_s",
                plan.contiguous_bound ? Json(plan.contiguous_bound->count()) : Json()}};
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
  }
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
  // Names come from models and may be no UTF-8; better a mark in a name than no plan.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
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
    rows.push_back({fmt::format("{}. {}", i + 1, fleet.devices[device].name),
                    fmt::format("{}", plan.placement[i].nodes.size()),
                    shortened(graph.nodes[plan.placement[i].nodes.back()].name),
                    to_text(stage.compute), share_of(stage.compute, all), to_text(stage.sent),
                    stage.sent.value() > 0 ? to_text(stage.send) : "-",
                    memory_of(figures.memory[device], fleet.devices[device].memory)});
  }
  std::string text = table(rows);
  const Seconds period = figures.period;
  text += fmt::format("\nperiod {}", to_text(period));
  if (period > Seconds(0)) text += fmt::format(" ({:.3g} requests a second)", 1 / period.count());
  text += fmt::format(", latency {}", to_text(figures.latency));
  if (figures.energy.value() > 0) text += fmt::format(", {} a request", to_text(figures.energy));
  if (plan.proven) {
    text += "; no placement has a shorter period";
  } else if (const auto distance = gap(plan)) {
    text += fmt::format("; no placement is below {} ({:.0f} % less)", to_text(*plan.bound),
                        100 * *distance);
    if (plan.contiguous_bound) {
      const bool is_met = std::abs(*plan.contiguous_bound / period - 1) < 1e-9;
      text += fmt::format(", none that is contiguous below {}",
                          is_met ? "this" : to_text(*plan.contiguous_bound));
    }
  }
  text += fmt::format("\nsolver: {}\n", plan.solver);
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
      stages.push_back({.device = json_text(stage, "device"), .nodes = json_texts(stage, "nodes")});
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  if (stages.empty()) return fail(ErrorKind::input, "{}: the plan has no stages", file);
  return stages;
}

}  // namespace convoy::plan
