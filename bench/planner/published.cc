// Published planning problems: our plans beside the optima, the best known and the human experts'
// plans.
//   planner_published FOLDER [BUDGET]
// FOLDER holds msr/ and pipedream/; BUDGET in seconds (60) is what auto may take for each problem.
// Prints Markdown; times are this machine's, on one core.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "plan/msr_problem.h"
#include "plan/pipedream_problem.h"
#include "plan/solve.h"
#include "plan/verify.h"

namespace {

using namespace convoy;
using namespace convoy::plan;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Row {
  const char* file;
  const char* optimum;  // contiguous, in ms, as published or obtained apart from this project
  const char* known;    // best known of any form, with its bound
  const char* expert;   // the human experts'
  const char* seconds;  // the authors' exact program, for the contiguous optimum
};

constexpr Row kMsr[] = {
    {"LayerGraphs/bert24_inference.json", "17.789906", "17.715 [17.551]", "20.084", ""},
    {"LayerGraphs/bert24_training.json", "41.745812", "", "", ""},
    {"LayerGraphs/gnmt_inference.json", "32.910658", "31.687 [31.372]", "46.209", "12.4"},
    {"LayerGraphs/gnmt_training.json", "107.004414", "88.627 [87.741]", "", ""},
    {"LayerGraphs/resnet50_inference.json", "33.774666", "33.485 [33.150]", "43.918", ""},
    {"LayerGraphs/resnet50_training.json", "78.631812", "", "", ""},
    {"LayerGraphs/inceptionv3_inference.json", "51.551864", "", "102.482", "> 901"},
    {"LayerGraphs/inceptionv3_training.json", "122.761616", "", "", ""},
    {"OperatorGraphs/bert_l-3_inference.json", "27.918568", "21.908 [21.908]", "", ""},
    {"OperatorGraphs/bert_l-3_training.json", "65.303149", "54.207 [54.207]", "", ""},
    {"OperatorGraphs/bert_l-6_inference.json", "29.579506", "28.332 [28.049]", "", ""},
    {"OperatorGraphs/bert_l-6_training.json", "72.864966", "", "", ""},
    {"OperatorGraphs/bert_l-12_inference.json", "147.477984", "131.874 [112.135]", "", "20.7"},
    {"OperatorGraphs/bert_L-12_training.json", "437.997638", "", "", "56"},
    {"OperatorGraphs/resnet50_inference.json", "124.348850", "", "", ""},
    {"OperatorGraphs/resnet50_training.json", "255.194416", "", "", ""},
};

struct PipeDreamRow {
  const char* file;
  std::size_t devices;
  const char* optimum;
};

constexpr PipeDreamRow kPipeDream[] = {
    {"densenet121.graph.txt", 4, "57.598209"},  {"densenet121.graph.txt", 8, "33.435881"},
    {"gnmt.graph.txt", 4, "10.724633"},         {"gnmt.graph.txt", 8, "6.326633"},
    {"inception_v3.graph.txt", 4, "96.455430"}, {"inception_v3.graph.txt", 8, "70.446002"},
    {"resnet50.graph.txt", 4, "82.188761"},     {"resnet50.graph.txt", 8, "75.721687"},
    {"vgg16.graph.txt", 4, "124.839672"},       {"vgg16.graph.txt", 8, "120.252970"},
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// A plan's period in ms, or what is wrong with it.
std::string period_of(const Problem& problem, const Result<Plan>& plan) {
  if (!plan) return plan.error().message;
  if (!verify(problem.graph, problem.fleet, *plan).empty()) return "does not hold";
  return fmt::format("{:.6f}", 1000 * plan->figures.period.count());
}

std::string proven(const Result<Plan>& plan) {
  const bool met = plan && plan->contiguous_bound &&
                   *plan->contiguous_bound >= plan->figures.period.count() * (1 - 1e-9);
  return met ? "yes" : "no";
}

// The cells of ideals: period, whether proven, seconds.
std::string contiguous_cells(const Problem& problem) {
  const auto begin = Clock::now();
  const auto plan = solve_ideals(problem.graph, problem.fleet);
  const double seconds = seconds_since(begin);
  return fmt::format("{} | {} | {:.3f}", period_of(problem, plan), proven(plan), seconds);
}

// The cells of auto: period, bound, seconds.
std::string any_cells(const Problem& problem, Seconds budget) {
  const auto begin = Clock::now();
  const auto plan = solve_auto(problem.graph, problem.fleet, {.budget = budget});
  const double seconds = seconds_since(begin);
  return fmt::format("{} | {} | {:.1f}", period_of(problem, plan),
                     plan && plan->bound ? fmt::format("{:.3f}", 1000 * *plan->bound) : "",
                     seconds);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "planner_published: give the folder that holds msr/ and pipedream/\n");
    return 2;
  }
  const fs::path folder = arguments[1];
  const Seconds budget(count > 2 ? std::atof(arguments[2]) : 60);
  fmt::print(
      "| problem | contiguous optimum, ms | `ideals` | proven | s | authors' s | best known, any "
      "form [bound] | `auto` | bound | s | human experts |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Row& row : kMsr) {
    const auto problem = read_msr(folder / "msr/throughput-inputs" / row.file);
    if (!problem) {
      fmt::print(stderr, "planner_published: {}\n", problem.error().message);
      return 2;
    }
    fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", fs::path(row.file).stem().string(),
               row.optimum, contiguous_cells(*problem), row.seconds, row.known,
               any_cells(*problem, budget), row.expert);
    std::fflush(stdout);
  }
  fmt::print(
      "\n| problem at 12.5 GB/s | devices | contiguous optimum, ms | `ideals` | proven | s |\n"
      "|---|---|---|---|---|---|\n");
  for (const PipeDreamRow& row : kPipeDream) {
    const auto problem =
        read_pipedream(folder / "pipedream" / row.file, row.devices, BytesPerSecond(12.5e9));
    if (!problem) {
      fmt::print(stderr, "planner_published: {}\n", problem.error().message);
      return 2;
    }
    fmt::print("| {} | {} | {} | {} |\n",
               std::string(row.file).substr(0, std::string(row.file).find('.')), row.devices,
               row.optimum, contiguous_cells(*problem));
    std::fflush(stdout);
  }
  return 0;
}
