#include "bench/report.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "bench/case_id.h"
#include "bench/machine.h"
#include "engine/session.h"
#include "foundation/markup.h"
#include "foundation/version.h"

namespace convoy::bench {
namespace {

constexpr const char* kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root{color-scheme:light dark;--ink:#1c2530;--faint:#65707c;--paper:#fff;--card:#f6f8fa;
--line:#d9dee4;--bar:#2f6fde;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--faint:#95a1af;--paper:#12171d;
--card:#1a2129;--line:#39434f;--bar:#6a9bf4;--bad:#ff8a80}}
body{margin:0 auto;max-width:900px;padding:24px 20px 60px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:26px;margin:0 0 4px}h2{font-size:20px;margin:36px 0 8px}h3{font-size:16px;margin:0}
p{margin:8px 0}.faint,caption{color:var(--faint)}.bad{color:var(--bad)}
section.case{background:var(--card);border:1px solid var(--line);border-radius:8px;
padding:16px 18px;margin:16px 0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:8px 0}
th,td{text-align:left;padding:5px 12px 5px 0;border-bottom:1px solid var(--line);
vertical-align:top}th{font-weight:600;font-size:13px}td.number,th.number{text-align:right}
small{color:var(--faint);font-size:12px}caption{text-align:left;font-size:13px}
.bar{display:inline-block;width:90px;height:9px;background:var(--line);border-radius:4px;
overflow:hidden}.bar>span{display:block;height:100%;background:var(--bar)}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
details{margin:10px 0}summary{cursor:pointer}dt{font-weight:600}dd{margin:0 0 6px 0}
</style>
)";

constexpr const char* kWords = R"(<h2>Words</h2><dl>
<dt>Stage</dt><dd>A part of the model on a device. Several requests are under way at once, each in
another stage, so that all devices compute.</dd>
<dt>Period</dt><dd>The time between two answers. The slowest stage or link sets it; answers per
second are its inverse.</dd>
<dt>Latency</dt><dd>The time from a request to its answer. In a full pipeline a request also waits
for those before it.</dd>
<dt>Measured, emulated, modelled</dt><dd>Where a figure comes from: observed on what it is about;
observed on processes with the limits of the devices they stand for; computed from a
description.</dd></dl>
)";

const TestResult* fastest(const std::vector<TestResult>& results) {
  const TestResult* best = nullptr;
  double most = 0;
  for (const TestResult& result : results) {
    const Figure* fps = find(result.figures, "fps");
    if (fps != nullptr && fps->value.value_or(0) > most) {
      best = &result;
      most = *fps->value;
    }
  }
  return best;
}

std::string summary(const JobSetup& setup, const std::vector<TestResult>& results) {
  std::set<std::string> models;
  std::vector<std::string> devices;
  for (const AlgorithmSetup& algorithm : setup.setups) {
    models.insert(algorithm.model.filename().string());
    for (const fleet::Device& device : algorithm.devices.fleet.devices) {
      if (!std::ranges::contains(devices, device.name)) devices.push_back(device.name);
    }
  }
  std::string text = fmt::format(
      "<p>{} way{} of running {} over {} device{} ({}), on {} sample{}.", setup.cases.size(),
      setup.cases.size() == 1 ? "" : "s", escaped(fmt::format("{}", fmt::join(models, ", "))),
      devices.size(), devices.size() == 1 ? "" : "s",
      escaped(fmt::format("{}", fmt::join(devices, ", "))), setup.samples.size(),
      setup.samples.size() == 1 ? "" : "s");
  if (const TestResult* best = fastest(results)) {
    text += fmt::format(" The fastest is <b>{}</b> with {} answers per second.",
                        escaped(best->title), to_text(*find(best->figures, "fps")));
  }
  const auto failed = std::ranges::count_if(
      results, [](const TestResult& result) { return result.error.has_value(); });
  if (failed > 0) text += fmt::format(" <span class=\"bad\">{} failed.</span>", failed);
  if (results.size() < setup.cases.size()) text += " The run was stopped before all were done.";
  return text + "</p>\n";
}

std::string figure_cell(const Figure* figure) {
  if (figure == nullptr) return "<td></td>";
  return fmt::format("<td title=\"{}\">{}<br><small>{}</small></td>", escaped(figure->note),
                     figure->value ? to_text(*figure) : "–", name_of(figure->source));
}

std::string overview(const std::vector<TestResult>& results) {
  if (results.empty()) return "<p>No case was done.</p>";
  std::string table = "<div class=\"wide\"><table><tr><th>Case</th>";
  for (const std::string& name : results.front().metrics) {
    table += fmt::format("<th>{}</th>", escaped(name));
  }
  table += "</tr>\n";
  for (const TestResult& result : results) {
    table += fmt::format("<tr><td><b>{}</b></td>", escaped(result.title));
    if (result.error) {
      table += fmt::format("<td class=\"bad\" colspan=\"{}\">{}</td>", result.metrics.size(),
                           escaped(result.error->message));
    } else {
      for (const std::string& name : result.metrics) {
        table += figure_cell(find(result.figures, name));
      }
    }
    table += "</tr>\n";
  }
  return table + "</table></div>\n";
}

std::string operators_of(const StagePlan& stage) {
  std::vector<std::pair<std::size_t, std::string>> counted;
  for (const auto& [name, count] : stage.operators) counted.emplace_back(count, name);
  std::ranges::sort(counted, std::ranges::greater());
  std::vector<std::string> names;
  for (const auto& [count, name] : counted) {
    if (names.size() == 4) {
      names.push_back("…");
      break;
    }
    names.push_back(fmt::format("{} {}", count, name));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// A stage's row: what it is, how much of the time it computed, its memory against the limit.
std::string stage_row(const TestResult& result, std::size_t stage) {
  const runtime::StageReport& seen = result.record.stages[stage];
  const StagePlan* planned = result.record.plan && stage < result.record.plan->stages.size()
                                 ? &result.record.plan->stages[stage]
                                 : nullptr;
  std::string row = fmt::format("<tr><td><b>{}</b><br><small>{}</small></td>",
                                escaped(seen.device), escaped(seen.file));
  row += planned == nullptr
             ? "<td></td>"
             : fmt::format("<td>{} nodes, {}<br><small>{}</small></td>", planned->nodes,
                           convoy::to_text(planned->weights), escaped(operators_of(*planned)));
  const Seconds compute =
      seen.requests == 0 ? Seconds(0) : seen.busy / static_cast<double>(seen.requests);
  row += fmt::format("<td>{}", convoy::to_text(compute));
  if (planned != nullptr) {
    row += fmt::format("<br><small>{} predicted</small>", convoy::to_text(planned->compute));
  }
  row += "</td><td>";
  if (result.period) {
    const double share = compute / *result.period;
    row += share_bar(share, fmt::format("{:.0f} %", 100 * share));
  }
  row += "</td><td>";
  const auto device = result.fleet.find(seen.device);
  const Bytes limit = device ? result.fleet.devices[*device].memory : Bytes(0);
  if (limit > Bytes(0)) {
    row += share_bar(seen.peak_memory / limit,
                     fmt::format("{} of {}", convoy::to_text(seen.peak_memory),
                                 convoy::to_text(limit)));
  } else {
    row += convoy::to_text(seen.peak_memory) + " (not limited)";
  }
  return row + "</td></tr>\n";
}

// Where a figure of the run comes from.
std::string_view source_of(const TestResult& result, std::string_view name) {
  const Figure* const figure = find(result.figures, name);
  return name_of(figure != nullptr ? figure->source : FigureSource::not_measured);
}

std::string stages_table(const TestResult& result) {
  if (result.record.stages.empty()) return "";
  std::string table = fmt::format(
      "<div class=\"wide\"><table><caption>Computing {}, memory {}; predicted: by the "
      "plan</caption>\n",
      source_of(result, "fps"), source_of(result, "peak_memory"));
  table +=
      "<tr><th>Device</th><th>Runs</th><th>Computes per request</th>"
      "<th>Share of time</th><th>Memory at most</th></tr>\n";
  for (std::size_t i = 0; i < result.record.stages.size(); ++i) table += stage_row(result, i);
  return table + "</table></div>\n";
}

std::string prediction(const TestResult& result) {
  if (!result.record.plan || !result.period) return "";
  const Seconds predicted = result.record.plan->period;
  if (predicted <= Seconds(0)) return "";
  std::string text = fmt::format("<p>Period: {} predicted, <b>{} {}</b> ({:+.1f} %).",
                                 convoy::to_text(predicted), convoy::to_text(*result.period),
                                 source_of(result, "fps"), 100 * (*result.period / predicted - 1));
  if (result.record.plan->gap) {
    text += fmt::format(" No placement can be more than {:.1f} % faster than this plan predicts.",
                        100 * *result.record.plan->gap);
  }
  return text + "</p>\n";
}

std::string list_of(const std::string& title, const std::vector<std::string>& items) {
  if (items.empty()) return "";
  std::string text = fmt::format("<p>{}</p><ul>", title);
  for (const std::string& item : items) text += fmt::format("<li>{}</li>", escaped(item));
  return text + "</ul>\n";
}

std::string figures_table(const TestResult& result) {
  std::string table = "<details><summary>All figures</summary><table>\n";
  for (const Figure& figure : result.figures) {
    table += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td><small>{}</small></td></tr>\n",
                         escaped(figure.name), to_text(figure), name_of(figure.source),
                         escaped(figure.note));
  }
  return table + "</table></details>\n";
}

std::string case_section(const TestResult& result) {
  std::string text = fmt::format("<section class=\"case\"><h3>{}</h3>\n", escaped(result.title));
  if (result.error) {
    return text + fmt::format("<p class=\"bad\">Failed: {}</p></section>\n",
                              escaped(result.error->message));
  }
  text += stages_table(result) + prediction(result);
  if (const std::string chart = timeline_chart(result); !chart.empty()) {
    text += "<p class=\"faint\">A moment of the run; a colour is a request on its way.</p>" + chart;
  }
  if (result.record.plan) {
    std::vector<std::string> unused;
    for (const auto& [device, why] : result.record.plan->unused) {
      unused.push_back(device + ": " + why);
    }
    text += list_of("What limits it, by the plan:", result.record.plan->limits);
    text += list_of("Not used:", unused);
    text += list_of("With another fleet (estimated):", result.record.plan->prospects);
    text += "<details><summary>The plan as a picture (predicted)</summary>" +
            result.record.plan->picture + "</details>\n";
  }
  text += list_of("Notes:", result.record.notes);
  text += figures_table(result);
  return text + fmt::format("<p><small>Files: <code>{}</code></small></p></section>\n",
                            escaped(result.directory.string()));
}

std::string conditions(const JobSetup& setup, const std::vector<TestResult>& results) {
  const Machine machine = this_machine();
  std::set<std::string> emulations;
  for (const TestResult& result : results) {
    if (!result.record.emulation.empty()) emulations.insert(result.record.emulation);
  }
  std::string text = "<h2>How it was measured</h2><table>\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", name, escaped(value));
  };
  row("Devices", emulations.empty() ? "none ran" : fmt::format("{}", fmt::join(emulations, "; ")));
  row("Machine", fmt::format("{}, {} cores, {}; load {:.2f} at the end", machine.processor,
                             machine.cores, machine.system, machine.load));
  row("Versions", fmt::format("convoy {}, ONNX Runtime {}", kVersion, engine::runtime_version()));
  row("Job", setup.job.file.string());
  row("Test set", setup.env.dataset.test.text);
  row("Written", time_now());
  return text + "</table>\n" + list_of("Understood as written, but:", setup.notes);
}

}  // namespace

std::string report_html(const JobSetup& setup, const std::vector<TestResult>& results) {
  std::string page = kHead;
  page += fmt::format("<title>{0}</title></head><body>\n<h1>{0}</h1>\n", escaped(setup.job.name));
  page += summary(setup, results);
  page += "<h2>Answers per second</h2>\n" + speed_chart(results);
  page += "<h2>Results</h2>\n" + overview(results);
  page += "<h2>Case by case</h2>\n";
  for (const TestResult& result : results) page += case_section(result);
  page += conditions(setup, results) + kWords;
  return page + "</body></html>\n";
}

}  // namespace convoy::bench
