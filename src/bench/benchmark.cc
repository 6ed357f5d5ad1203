#include "bench/benchmark.h"

#include <algorithm>
#include <map>
#include <optional>

#include "bench/base_model.h"
#include "bench/case_id.h"
#include "bench/device_profiles.h"
#include "bench/leaderboard.h"
#include "bench/metrics.h"
#include "bench/multiedge_inference.h"
#include "bench/plugin.h"
#include "bench/report.h"
#include "bench/results_store.h"
#include "foundation/file.h"
#include "onnx/model.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;

// What the cases of one run share.
struct Run {
  const JobSetup& setup;
  const BenchmarkOptions& options;
  DeviceProfiles profiles;
  // The whole model's predictions, by all that they depend on.
  std::map<std::string, Result<std::vector<std::string>>> whole;
};

// Hyperparameters that the base model itself reads: the others say how convoy runs it.
Parameters own_parameters(const TestCase& test) {
  Parameters own;
  for (const auto& [name, value] : test.parameters) {
    if (!std::ranges::contains(runtime_hyperparameters(), name)) own[name] = value;
  }
  return own;
}

std::string folder_name(const std::string& algorithm) {
  std::string name = algorithm;
  std::ranges::replace(name, '/', '_');
  return name == "." || name == ".." ? "_" : name;
}

const Result<std::vector<std::string>>& whole_predictions(Run& run, const TestCase& test) {
  const AlgorithmSetup& algorithm = run.setup.setups[test.algorithm];
  std::string key = algorithm.model.string() + '\n' + algorithm.base_model.name + '\n' +
                    algorithm.base_model.file.string();
  const Parameters parameters = own_parameters(test);
  for (const auto& [name, value] : parameters) key += '\n' + name + '=' + value;
  const auto known = run.whole.find(key);
  if (known != run.whole.end()) return known->second;
  auto predictions = make_base_model(algorithm.base_model, parameters)
                         .and_then([&](const std::shared_ptr<BaseModel>& model) {
                           return predict_whole(*model, algorithm.model, run.setup.samples,
                                                run.options.stop);
                         });
  return run.whole.emplace(key, std::move(predictions)).first->second;
}

std::vector<Sample> repeated(const std::vector<Sample>& samples, std::size_t count) {
  std::vector<Sample> all;
  for (std::size_t i = 0; i < (count == 0 ? samples.size() : count); ++i) {
    all.push_back(samples[i % samples.size()]);
  }
  return all;
}

// What whoever made the weights says of them in the model's metadata.
std::string weights_of(const fs::path& model) {
  const auto read = onnx::read_model(model);
  if (!read) return "";
  const auto metadata = read->metadata();
  const auto found = metadata.find("convoy.weights");
  return found == metadata.end() ? "" : found->second;
}

Figure user_metric(const std::string& name, const ModuleSource& source, const CaseResult& seen) {
  std::optional<double> value;
  const auto measured = make_metric(source).and_then([&](const std::shared_ptr<Metric>& metric) {
    return call_plugin(name, [&] { value = metric->measure(seen); });
  });
  if (!measured) return not_measured(name, measured.error().message);
  return {.name = name,
          .value = value,
          .source = FigureSource::measured,
          .note = "by " + source.file.filename().string()};
}

void add_user_metrics(const JobSetup& setup, const Evidence& evidence,
                      std::vector<Figure>& figures) {
  CaseResult seen{.samples = evidence.samples, .predictions = evidence.predictions, .figures = {}};
  for (const Figure& figure : figures) {
    if (figure.value) seen.figures[figure.name] = *figure.value;
  }
  for (std::size_t i = 0; i < setup.metrics.size(); ++i) {
    if (setup.metrics[i].kind == ModuleSource::Kind::builtin) continue;
    figures.push_back(user_metric(setup.env.metrics[i].name, setup.metrics[i], seen));
  }
}

// Fills in what the case brought; the error says why it did not.
Result<void> run_case(Run& run, std::size_t number, TestResult& result) {
  const TestCase& test = run.setup.cases[number];
  const AlgorithmSetup& algorithm = run.setup.setups[test.algorithm];
  const auto progress = [&](const std::string& what, std::size_t done, std::size_t all) {
    run.options.progress({.test = number + 1,
                          .tests = run.setup.cases.size(),
                          .title = result.title,
                          .what = what,
                          .done = done,
                          .all = all});
  };
  std::error_code problem;
  fs::create_directories(result.directory, problem);
  if (problem) {
    return fail(ErrorKind::failure, "{} cannot be made: {}", result.directory.string(),
                problem.message());
  }
  Parameters parameters(test.parameters.begin(), test.parameters.end());
  if (algorithm.base_model.kind == ModuleSource::Kind::cpp_file) {
    progress("compiling the base model", 0, 0);
  }
  const auto model = make_base_model(algorithm.base_model, parameters);
  if (!model) return std::unexpected(model.error());
  const CaseContext context{.surroundings = run.options.surroundings,
                            .devices = &algorithm.devices,
                            .devices_file = algorithm.devices_file,
                            .model = algorithm.model,
                            .settings = run.setup.settings[number],
                            .solver = algorithm.solver,
                            .directory = result.directory,
                            .profiles = &run.profiles,
                            .stop = run.options.stop,
                            .progress = progress};
  auto outcome = run_multiedge_inference(
      **model, context, repeated(run.setup.samples, context.settings.requests));
  if (!outcome) return std::unexpected(outcome.error());
  progress("predicting with the whole model", 0, 0);
  const auto& whole = whole_predictions(run, test);
  const Evidence evidence{.samples = run.setup.samples,
                          .predictions = outcome->predictions,
                          .whole = whole.value_or(std::vector<std::string>{}),
                          .no_whole = whole ? "" : whole.error().message,
                          .weights = weights_of(algorithm.model),
                          .record = std::move(outcome->record),
                          .fleet = algorithm.devices.fleet,
                          .warm_up = context.settings.warm_up};
  result.figures = measure(evidence);
  add_user_metrics(run.setup, evidence, result.figures);
  result.period = measured_period(evidence);
  result.predictions = outcome->predictions;
  result.record = evidence.record;
  return {};
}

Result<void> write_case(const JobSetup& setup, const TestResult& result) {
  CsvTable predictions{.columns = {"file", "label", "prediction"}, .rows = {}};
  for (std::size_t i = 0; i < result.predictions.size(); ++i) {
    const Sample& sample = setup.samples[i % setup.samples.size()];
    predictions.rows.push_back({sample.file.string(), sample.label, result.predictions[i]});
  }
  return write_file(result.directory / "predictions.csv", to_csv(predictions)).and_then([&] {
    return write_file(result.directory / "figures.json", to_json(result));
  });
}

// The table of earlier runs, or an empty one when there were none.
Result<CsvTable> earlier_rank(const fs::path& file) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return CsvTable{};
  auto table = read_file(file).and_then(
      [&](const std::string& text) { return parse_csv(text, file.string()); });
  if (table && (!table->column("rank") || !table->column("algorithm"))) {
    return fail(ErrorKind::input,
                "{}: is no leaderboard that could be added to: it has no columns \"rank\" and "
                "\"algorithm\"; move it away",
                file.string());
  }
  return table;
}

Result<void> write_results(const JobSetup& setup, const CsvTable& earlier, JobResult& job) {
  const RankSettings& settings = setup.job.rank;
  std::vector<RankedCase> cases;
  for (const TestResult& result : job.results) cases.push_back(ranked(result));
  const CsvTable all = leaderboard(cases, earlier, settings.sort_by);
  job.leaderboard = select(leaderboard(cases, {}, settings.sort_by), settings.selected);
  job.selected_rank = setup.folder / "rank/selected_rank.csv";
  job.database = setup.folder / "results.sqlite";
  job.report = setup.folder / "report.html";
  if (settings.save_mode != SaveMode::selected_only) {
    job.all_rank = setup.folder / "rank/all_rank.csv";
    if (auto written = write_file(job.all_rank, to_csv(all)); !written) return written;
  }
  if (settings.save_mode == SaveMode::selected_and_all_and_picture) {
    const auto written = write_file(setup.folder / "rank/speed.svg", speed_chart(job.results));
    if (!written) return written;
  }
  return write_file(job.selected_rank, to_csv(select(all, settings.selected)))
      .and_then([&] { return store(job.database, job.results); })
      .and_then([&] { return write_file(job.report, report_html(setup, job.results)); });
}

}  // namespace

Result<JobResult> run_benchmark(const JobSetup& setup, const BenchmarkOptions& options) {
  Run run{.setup = setup,
          .options = options,
          .profiles = DeviceProfiles(options.surroundings),
          .whole = {}};
  std::error_code problem;
  fs::create_directories(setup.folder / "rank", problem);
  if (problem) {
    return fail(ErrorKind::failure, "{} cannot be made: {}", (setup.folder / "rank").string(),
                problem.message());
  }
  const auto earlier = earlier_rank(setup.folder / "rank/all_rank.csv");
  if (!earlier) return std::unexpected(earlier.error());
  JobResult job;
  for (std::size_t i = 0; i < setup.cases.size(); ++i) {
    const TestCase& test = setup.cases[i];
    const Algorithm& algorithm = setup.algorithms[test.algorithm];
    TestResult result{.id = new_case_id(),
                      .title = title_of(setup.algorithms, test),
                      .algorithm = algorithm.name,
                      .module = algorithm.modules.front().name,
                      .partition = std::string(name_of(setup.settings[i].partitioning)),
                      .parameters = test.parameters,
                      .fleet = setup.setups[test.algorithm].devices.fleet};
    for (const MetricSettings& metric : setup.env.metrics) result.metrics.push_back(metric.name);
    result.directory = setup.folder / folder_name(algorithm.name) / result.id;
    const Result<void> ran = run_case(run, i, result);
    result.time = time_now();
    if (!ran) result.error = ran.error();
    if (options.stop() || (result.error && result.error->kind == ErrorKind::cancelled)) {
      job.stopped = true;
      if (result.error) break;  // what was stopped half-way is no result
    }
    job.results.push_back(std::move(result));
    const auto written = write_case(setup, job.results.back()).and_then([&] {
      return write_results(setup, *earlier, job);
    });
    if (!written) return std::unexpected(written.error());
    if (job.stopped) break;
  }
  return job;
}

}  // namespace convoy::bench
