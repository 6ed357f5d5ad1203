#include "bench/job_setup.h"

#include <unistd.h>

#include <algorithm>

#include "bench/base_model.h"
#include "bench/classification.h"
#include "bench/dataset.h"
#include "bench/locate.h"
#include "bench/metrics.h"
#include "foundation/suggest.h"
#include "onnx/model.h"
#include "onnx/vit.h"

namespace convoy::bench {
namespace {

namespace fs = std::filesystem;

// The proposal's model, of which no package carries the weights: where the user has put none, the
// same architecture with random ones is made in the folder that the file should be in.
constexpr std::string_view kVit = "vit-base-patch16-224.onnx";

Result<fs::path> make_vit(const Spelled& model, std::vector<std::string>& notes) {
  const auto folder = locate(fs::path(model.text).parent_path().string(), model.file, model.place);
  if (!folder) return std::unexpected(folder.error());
  const fs::path file = *folder / kVit;
  const auto written = onnx::make_vit({}).and_then(
      [&](const onnx::Model& made) { return onnx::write_model(made, file); });
  if (!written) return std::unexpected(written.error());
  notes.push_back(fmt::format("{} was not there: made with random weights", file.string()));
  return file;
}

Result<fs::path> find_model(const Algorithm& algorithm, std::vector<std::string>& notes) {
  const Spelled& model = algorithm.model;
  if (!model.given()) {
    return fail(ErrorKind::input, "{}: \"initial_model_url\" is missing: which ONNX model?",
                algorithm.file.string());
  }
  if (fs::path(model.text).extension() != ".onnx") {
    return fail(ErrorKind::input,
                "{}: \"{}\" is no ONNX model; convert it to ONNX and name the .onnx file",
                model.place, model.text);
  }
  auto found = locate(model.text, model.file, model.place);
  if (!found && fs::path(model.text).filename() == kVit) return make_vit(model, notes);
  return found;
}

// The algorithm's own devices file, else devices.yaml beside it, else the test environment's.
Result<fs::path> find_devices(const Algorithm& algorithm, const TestEnv& env) {
  const Spelled& own = algorithm.devices;
  if (own.given()) return locate(own.text, own.file, own.place);
  std::error_code ignored;
  const fs::path beside = algorithm.file.parent_path() / "devices.yaml";
  if (fs::exists(beside, ignored)) return beside;
  if (env.devices.given()) return locate(env.devices.text, env.devices.file, env.devices.place);
  return fail(ErrorKind::input,
              "{}: no devices: give \"devices: [{{url: devices.yaml}}]\" in the test environment, "
              "or put a devices.yaml beside the algorithm file",
              env.file.string());
}

// A builtin base model knows its hyperparameters; a plug-in may have any.
Result<void> check_hyperparameters(const Algorithm& algorithm, const ModuleSource& source) {
  if (source.kind != ModuleSource::Kind::builtin) return {};
  std::vector<std::string> known = runtime_hyperparameters();
  std::ranges::copy(Classification::hyperparameters(), std::back_inserter(known));
  for (const Hyperparameter& hyperparameter : algorithm.modules.front().hyperparameters) {
    if (std::ranges::contains(known, hyperparameter.name)) continue;
    return fail(ErrorKind::input, "{}: {} has no hyperparameter \"{}\"{}", hyperparameter.place,
                source.name, hyperparameter.name, suggest(hyperparameter.name, known));
  }
  return {};
}

Result<AlgorithmSetup> set_up_algorithm(const Algorithm& algorithm, const TestEnv& env,
                                        std::vector<std::string>& notes) {
  const Module& module = algorithm.modules.front();
  const auto source =
      find_module(module.name, module.place, module.url, builtin_base_models(), notes);
  if (!source) return std::unexpected(source.error());
  if (auto checked = check_hyperparameters(algorithm, *source); !checked) {
    return std::unexpected(checked.error());
  }
  std::optional<ModuleSource> solver;
  if (algorithm.solver) {
    const auto found = find_module(algorithm.solver->name, algorithm.solver->place,
                                   algorithm.solver->url, {}, notes);
    if (!found) return std::unexpected(found.error());
    solver = *found;
  }
  const auto devices_file = find_devices(algorithm, env);
  if (!devices_file) return std::unexpected(devices_file.error());
  auto devices = fleet::read_devices(*devices_file);
  if (!devices) return std::unexpected(devices.error());
  const auto model = find_model(algorithm, notes);
  if (!model) return std::unexpected(model.error());
  return AlgorithmSetup{.base_model = *source,
                        .solver = std::move(solver),
                        .model = *model,
                        .devices_file = *devices_file,
                        .devices = std::move(*devices)};
}

// Whether a builtin base model takes the case's hyperparameters.
Result<void> check_builtin(const JobSetup& setup, const TestCase& test) {
  const ModuleSource& source = setup.setups[test.algorithm].base_model;
  if (source.kind != ModuleSource::Kind::builtin) return {};
  const auto made = make_base_model(source, {test.parameters.begin(), test.parameters.end()});
  if (!made) return within(setup.algorithms[test.algorithm].file.string(), made.error());
  return {};
}

Result<void> check_writable(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (!problem && access(folder.c_str(), W_OK | X_OK) != 0) {
    problem = std::error_code(errno, std::generic_category());
  }
  if (problem) {
    return fail(ErrorKind::failure, "the workspace {} cannot be written: {}; -o DIR names another",
                folder.string(), problem.message());
  }
  return {};
}

void add_notes(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  for (const std::string& note : more) {
    if (!std::ranges::contains(notes, note)) notes.push_back(note);
  }
}

}  // namespace

Result<JobSetup> set_up(const fs::path& job_file, const std::optional<fs::path>& output) {
  auto job = read_job(job_file);
  if (!job) return std::unexpected(job.error());
  auto env = read_test_env(job->test_env);
  if (!env) return std::unexpected(env.error());
  JobSetup setup{.job = std::move(*job), .env = std::move(*env)};
  add_notes(setup.notes, setup.job.notes);
  add_notes(setup.notes, setup.env.notes);

  std::vector<std::string> metric_names;
  for (const MetricSettings& metric : setup.env.metrics) {
    const auto source =
        find_module(metric.name, metric.place, metric.url, builtin_metrics(), setup.notes);
    if (!source) return std::unexpected(source.error());
    setup.metrics.push_back(*source);
    metric_names.push_back(metric.name);
  }
  for (const AlgorithmReference& reference : setup.job.algorithms) {
    auto algorithm = read_algorithm(reference.name, reference.file);
    if (!algorithm) return std::unexpected(algorithm.error());
    add_notes(setup.notes, algorithm->notes);
    setup.algorithms.push_back(std::move(*algorithm));
  }
  if (auto checked = check_metrics(setup.job.rank, metric_names); !checked) {
    return std::unexpected(checked.error());
  }
  for (const Algorithm& algorithm : setup.algorithms) {
    auto algorithm_setup = set_up_algorithm(algorithm, setup.env, setup.notes);
    if (!algorithm_setup) return std::unexpected(algorithm_setup.error());
    add_notes(setup.notes, algorithm_setup->devices.notes);
    setup.setups.push_back(std::move(*algorithm_setup));
  }
  setup.cases = test_cases(setup.algorithms);
  for (const TestCase& test : setup.cases) {
    const auto settings = settings_of(setup.algorithms[test.algorithm], test,
                                      setup.setups[test.algorithm].devices);
    if (!settings) return std::unexpected(settings.error());
    if (auto checked = check_builtin(setup, test); !checked) {
      return std::unexpected(checked.error());
    }
    setup.settings.push_back(*settings);
  }
  auto samples = read_dataset(setup.env.dataset);
  if (!samples) return std::unexpected(samples.error());
  setup.samples = std::move(*samples);
  setup.folder = fs::absolute(output.value_or(setup.job.workspace)) / setup.job.name;
  setup.folder = setup.folder.lexically_normal();
  if (auto writable = check_writable(setup.folder); !writable) {
    return std::unexpected(writable.error());
  }
  return setup;
}

}  // namespace convoy::bench
