// convoy bench: runs a benchmarking job as Ianvs describes it.
#include <unistd.h>

#include <cstdio>
#include <ftxui/dom/elements.hpp>
#include <ftxui/screen/screen.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/benchmark.h"
#include "bench/table.h"
#include "cli/command.h"
#include "cli/stop_signal.h"
#include "cli/surroundings.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string job;
  std::string output;
  std::string keys;
  bool json = false;
};

// Shows where a job is, on standard error: in place on a terminal, else one line a case.
class ProgressLine {
 public:
  ProgressLine() : terminal_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() { clear(); }

  void show(const bench::Progress& progress) {
    if (terminal_) {
      in_place(progress);
    } else if (progress.test != shown_test_) {
      fmt::print(stderr, "case {}/{}: {}\n", progress.test, progress.tests, progress.title);
    }
    shown_test_ = progress.test;
  }
  void clear() {
    if (terminal_ && shown_test_ != 0) fmt::print(stderr, "\r\033[K");
  }

 private:
  void in_place(const bench::Progress& progress) {
    using namespace ftxui;
    const std::string head =
        fmt::format("{}/{} {}: {}", progress.test, progress.tests, progress.title, progress.what);
    Element line = text(head);
    if (progress.all > 0) {
      const float share = static_cast<float>(progress.done) / static_cast<float>(progress.all);
      line = hbox({text(head + " "), gauge(share) | flex,
                   text(fmt::format(" {}/{}", progress.done, progress.all))});
    }
    const int width = std::min(Terminal::Size().dimx, 100);
    auto screen = Screen::Create(Dimension::Fixed(width), Dimension::Fixed(1));
    Render(screen, line);
    fmt::print(stderr, "\r{}\r", screen.ToString());
    std::fflush(stderr);
  }

  bool terminal_;
  std::size_t shown_test_ = 0;
};

std::string to_json(const bench::JobSetup& setup, const bench::JobResult& job) {
  nlohmann::json object = {{"job", setup.job.name},
                           {"stopped", job.stopped},
                           {"cases", nlohmann::json::array()},
                           {"all_rank", job.all_rank.string()},
                           {"selected_rank", job.selected_rank.string()},
                           {"database", job.database.string()},
                           {"report", job.report.string()},
                           {"notes", setup.notes}};
  for (const bench::TestResult& result : job.results) {
    object["cases"].push_back(nlohmann::json::parse(bench::to_json(result)));
  }
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print(const bench::JobSetup& setup, const bench::JobResult& job, bool json) {
  if (json) {
    fmt::print("{}\n", to_json(setup, job));
    return;
  }
  const auto style =
      isatty(STDOUT_FILENO) != 0 ? bench::TableStyle::framed : bench::TableStyle::plain;
  fmt::print("{}", bench::table_text(job.leaderboard, job.results, style));
  if (!job.report.empty()) {
    fmt::print("report: {}\nleaderboard: {}\n", job.report.string(),
               (job.all_rank.empty() ? job.selected_rank : job.all_rank).string());
  }
}

Result<void> run(const Arguments& arguments) {
  std::optional<std::filesystem::path> output;
  if (!arguments.output.empty()) output = arguments.output;
  const auto setup = bench::set_up(arguments.job, output);
  if (!setup) return std::unexpected(setup.error());
  for (const std::string& note : setup->notes) fmt::print(stderr, "note: {}\n", note);
  fleet::Fleet all;
  for (const bench::AlgorithmSetup& algorithm : setup->setups) {
    for (const fleet::Device& device : algorithm.devices.fleet.devices) all.devices.push_back(device);
  }
  prepare_network(all);
  const StopSignal stop;
  const auto line = std::make_unique<ProgressLine>();
  const auto job = bench::run_benchmark(
      *setup, {.surroundings = surroundings(arguments.keys),
               .stop = [&] { return stop.requested(); },
               .progress = [&](const bench::Progress& progress) { line->show(progress); }});
  line->clear();
  if (!job) return std::unexpected(job.error());
  print(*setup, *job, arguments.json);
  if (job->stopped) {
    return fail(ErrorKind::cancelled, "stopped after {} of {} cases; their results are kept",
                job->results.size(), setup->cases.size());
  }
  std::size_t failed = 0;
  for (const bench::TestResult& result : job->results) failed += result.error ? 1 : 0;
  if (failed > 0) {
    return fail(ErrorKind::failure, "{} of {} cases failed", failed, job->results.size());
  }
  return {};
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("bench", "Run a benchmarking job");
  command->footer("Example:\n  convoy bench -f "
                  "examples/imagenet/multiedge_inference_bench/classification_job.yaml");
  command->add_option("-f,--benchmarking_config_file", arguments->job, "The job, a YAML file")
      ->required()
      ->type_name("JOB.yaml");
  add_keys(*command, arguments->keys);
  command->add_option("-o,--output", arguments->output, "Workspace, instead of the job's")
      ->type_name("DIR");
  command->add_flag("--json", arguments->json, "Print the result as one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return run(*arguments); }; });
}

}  // namespace convoy::cli
