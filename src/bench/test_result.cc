#include "bench/test_result.h"

#include <nlohmann/json.hpp>

namespace convoy::bench {
namespace {

using nlohmann::json;

json to_json(const Figure& figure) {
  json object = {{"value", nullptr},
                 {"unit", name_of(figure.unit)},
                 {"source", name_of(figure.source)},
                 {"note", figure.note}};
  if (figure.value) object["value"] = *figure.value;
  return object;
}

json to_json(const RunRecord& record) {
  json stages = json::array();
  for (std::size_t i = 0; i < record.stages.size(); ++i) {
    const runtime::StageReport& stage = record.stages[i];
    json object = {{"device", stage.device},
                   {"file", stage.file},
                   {"requests", stage.requests},
                   {"busy_s", stage.busy.count()},
                   {"sent_bytes", stage.sent.value()},
                   {"peak_memory_bytes", stage.peak_memory.value()},
                   {"cpu_s", stage.cpu_seconds}};
    if (record.plan && i < record.plan->stages.size()) {
      const StagePlan& planned = record.plan->stages[i];
      object["planned"] = {{"nodes", planned.nodes},
                           {"weight_bytes", planned.weights.value()},
                           {"compute_s", planned.compute.count()},
                           {"send_s", planned.send.count()}};
    }
    stages.push_back(std::move(object));
  }
  return stages;
}

}  // namespace

RankedCase ranked(const TestResult& result) {
  RankedCase row{.algorithm = result.algorithm,
                 .metrics = {},
                 .paradigm = "multiedgeinference",
                 .modules = {{"basemodel", result.module}},
                 .hyperparameters = {},
                 .time = result.time,
                 .url = result.directory.string(),
                 .error = result.error ? result.error->message : ""};
  for (const std::string& name : result.metrics) {
    const Figure* figure = find(result.figures, name);
    row.metrics.push_back(figure != nullptr ? *figure : not_measured(name, row.error));
  }
  for (const auto& [name, value] : result.parameters) {
    row.hyperparameters.emplace_back("basemodel-" + name, value);
  }
  return row;
}

std::string to_json(const TestResult& result) {
  json figures = json::object();
  for (const Figure& figure : result.figures) figures[figure.name] = to_json(figure);
  json object = {{"id", result.id},
                 {"algorithm", result.algorithm},
                 {"title", result.title},
                 {"basemodel", result.module},
                 {"partition", result.partition},
                 {"hyperparameters", json::object()},
                 {"time", result.time},
                 {"directory", result.directory.string()},
                 {"error", nullptr},
                 {"figures", std::move(figures)},
                 {"stages", to_json(result.record)},
                 {"emulation", result.record.emulation},
                 {"notes", result.record.notes}};
  for (const auto& [name, value] : result.parameters) object["hyperparameters"][name] = value;
  if (result.error) object["error"] = result.error->message;
  if (result.period) object["period_s"] = result.period->count();
  if (result.record.plan) object["predicted_period_s"] = result.record.plan->period.count();
  return object.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace convoy::bench
