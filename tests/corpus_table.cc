// Prints what became of each operator of the corpus, for docs/onnx.md.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "corpus.h"
#include "foundation/file.h"

namespace {

// One line without the files, which the model's name says already.
std::string shortened(std::string message, const convoy::CorpusModel& model) {
  for (const std::string& path : {model.file.string() + ": ", model.inputs.string() + "/",
                                  " from " + model.file.string()}) {
    if (const auto at = message.find(path); at != std::string::npos) message.erase(at, path.size());
  }
  std::ranges::replace(message, '\n', ' ');
  constexpr std::size_t kMost = 160;
  if (message.size() > kMost) message = message.substr(0, kMost) + "...";
  return message;
}

}  // namespace

int main() {
  using namespace convoy;
  using Outcome = CorpusTrial::Outcome;
  struct Counts {
    std::size_t models = 0, identical = 0, refused = 0, not_run = 0, failed = 0, cuts = 0;
  };
  const Aside scratch(std::filesystem::temp_directory_path() / "convoy-corpus");
  std::filesystem::create_directories(scratch.path());
  std::map<std::string, Counts> by_operator;
  Counts all;
  std::map<std::string, std::vector<std::string>> others;  // models by what became of them
  std::vector<std::string> unexpected;
  std::vector<CorpusModel> models = corpus();
  std::ranges::move(light_corpus(), std::back_inserter(models));
  for (const CorpusModel& model : models) {
    const CorpusTrial trial = try_model(model, 32, scratch.path());
    const auto count = [&](Counts& counts) {
      ++counts.models;
      counts.cuts += trial.cuts;
      ++(trial.outcome == Outcome::identical ? counts.identical
         : trial.outcome == Outcome::refused ? counts.refused
         : trial.outcome == Outcome::not_run ? counts.not_run
                                             : counts.failed);
    };
    count(all);
    for (const std::string& name : trial.operators) count(by_operator[name]);
    if (!trial.unexpected.empty()) {
      unexpected.push_back(fmt::format("{}: {}", model.name, trial.unexpected));
    }
    if (trial.outcome == Outcome::identical) continue;
    const char* what = trial.outcome == Outcome::refused   ? "refused"
                       : trial.outcome == Outcome::not_run ? "not run"
                                                           : "FAILED";
    others[fmt::format("{}: {}", what, shortened(trial.message, model))].push_back(model.name);
  }
  const auto row = [](const std::string& name, const Counts& counts) {
    fmt::print("| {} | {} | {} | {} | {} | {} | {} |\n", name, counts.models, counts.cuts,
               counts.identical, counts.refused, counts.not_run, counts.failed);
  };
  fmt::print("| operator | models | cuts tried | identical | refused | not run | failed |\n");
  fmt::print("|---|---|---|---|---|---|---|\n");
  row("all", all);
  for (const auto& [name, counts] : by_operator) row(name, counts);
  fmt::print("\n");
  for (const auto& [what, names] : others) {
    fmt::print("- {} ({})\n", what, fmt::join(names, ", "));
  }
  fmt::print("\nWhat ONNX Runtime itself answers otherwise than the corpus:\n\n");
  for (const std::string& other : unexpected) fmt::print("- {}\n", other);
  return all.failed == 0 ? 0 : 1;
}
