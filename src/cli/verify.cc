// convoy verify: does a split model still give the whole model's answers?
#include "engine/verify.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "cli/command.h"
#include "cli/model_inputs.h"
#include "onnx/model.h"

namespace convoy::cli {
namespace {

struct Arguments {
  std::string model;
  std::string directory;
  std::string input;
  std::vector<std::string> dims;
  int threads = 1;
  bool json = false;
};

Result<engine::NamedTensors> inputs_for(const Arguments& arguments) {
  const Result<onnx::Model> model = onnx::read_model(arguments.model);
  if (!model) return std::unexpected(model.error());
  const Result<onnx::Graph> graph = onnx::index_graph(*model);
  if (!graph) return within(arguments.model, graph.error());
  return model_inputs(*graph, arguments.input, arguments.dims);
}

// A number if JSON has one for it.
nlohmann::json number(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

nlohmann::json to_json(const engine::Verification& verification) {
  nlohmann::json outputs = nlohmann::json::array();
  for (const auto& [name, difference] : verification.outputs) {
    outputs.push_back({{"name", name},
                       {"identical", difference.identical},
                       {"max_abs_diff", number(difference.max_abs)}});
  }
  return {{"identical", verification.largest.identical},
          {"max_abs_diff", number(verification.largest.max_abs)},
          {"outputs", std::move(outputs)}};
}

Result<void> verify(const Arguments& arguments) {
  const Result<onnx::SplitMap> map = onnx::read_split_map(arguments.directory);
  if (!map) return std::unexpected(map.error());
  const Result<engine::NamedTensors> inputs = inputs_for(arguments);
  if (!inputs) return std::unexpected(inputs.error());
  const Result<engine::Verification> verification =
      engine::verify(arguments.model, arguments.directory, *inputs, arguments.threads);
  if (!verification) return std::unexpected(verification.error());
  if (arguments.json) {
    fmt::print("{}\n", to_json(*verification).dump());
  } else {
    for (const auto& [name, difference] : verification->outputs) {
      fmt::print("{}: {}\n", name, to_text(difference));
    }
  }
  if (map->mode == onnx::CutMode::exact && !verification->largest.identical) {
    return fail(ErrorKind::failure, "the pieces in {} do not give the answers of {}",
                arguments.directory, arguments.model);
  }
  return {};
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      app.add_subcommand("verify", "Runs a whole model and its pieces on the same inputs.");
  command->footer(
      "Example:\n  convoy split model.onnx --at features -o pieces\n"
      "  convoy verify model.onnx pieces");
  command->add_option("MODEL", arguments->model, "The whole model (.onnx)")->required();
  command->add_option("DIR", arguments->directory, "What convoy split made of it")->required();
  command->add_option("--input", arguments->input,
                      "Folder with input_0.pb, ... or NAME.npy; a seeded sample without it");
  command->add_option("--dim", arguments->dims, "NAME=N: the size of a symbolic dimension");
  command->add_option("--threads", arguments->threads, "CPU threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &action] { action = [arguments] { return verify(*arguments); }; });
}

}  // namespace convoy::cli
