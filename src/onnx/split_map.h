// A directory of sub-models and its map.json.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "foundation/error.h"
#include "onnx/graph.h"
#include "onnx/model.h"

namespace convoy::onnx {

// One sub-model of map.json.
struct SubModel {
  std::string file;                  // "sub_model_1.onnx", relative to the directory
  std::string device;                // empty when no device was chosen
  std::vector<std::string> turns;    // devices that take the requests in turn, `device` first; empty:
                                     // it takes all
  std::vector<std::string> inputs;   // value names; overridable initializers among them
  std::vector<std::string> outputs;
  std::string sha256;                // of `file`
  std::string data_file;             // external weights, beside it; empty: none
  std::string data_sha256;
};

// Gives a sub-model to the device, or to several that take turns.
void assign(SubModel& sub_model, const std::vector<std::string>& turns);

// How a model was made comparable: ONNX Runtime's level of graph optimisation before the cut.
enum class OptimizationLevel { none, basic, extended, all };
[[nodiscard]] std::string_view name_of(OptimizationLevel level);
[[nodiscard]] Result<OptimizationLevel> parse_level(std::string_view name);

// exact: the pieces run as cut, bit for bit as the whole. fast: each device optimises its piece.
enum class CutMode { exact, fast };
[[nodiscard]] std::string_view name_of(CutMode mode);
[[nodiscard]] Result<CutMode> parse_mode(std::string_view name);

// What lies in a directory of sub-models: map.json.
struct SplitMap {
  std::string model;            // the whole model's file
  std::string model_sha256;
  CutMode mode = CutMode::exact;
  OptimizationLevel level = OptimizationLevel::extended;
  std::vector<std::string> inputs;    // of the whole model
  std::vector<std::string> outputs;
  std::vector<SubModel> sub_models;   // in an order in which they can run
};

// Errors: no map.json, broken JSON, missing or unknown keys, names of files elsewhere, a sub-model
// that is missing.
[[nodiscard]] Result<SplitMap> read_split_map(const std::filesystem::path& directory);

// The whole model in `file`, whose graph that is, as a split into one: with no device yet, and not
// written anywhere. Weights that are apart are in FILE.data.
[[nodiscard]] Result<SplitMap> map_of_whole(const std::filesystem::path& file, const Graph& graph);

// Whether the files are those that were written, by their SHA-256.
[[nodiscard]] Result<void> check_split(const std::filesystem::path& directory, const SplitMap& map);

// Looks at a split that is complete but not yet in place.
using SplitCheck = std::function<Result<void>(const std::filesystem::path& directory)>;

// Writes the sub-models and map.json into `directory`: aside first, renamed at the end, so that a
// failure, that of `check` included, leaves no sub-model behind and an older split intact. Takes the
// devices from `map.sub_models`, if any, and fills in the rest of it; other files in the directory
// stay.
[[nodiscard]] Result<SplitMap> write_split(const std::filesystem::path& directory,
                                           std::vector<Model> models, SplitMap map,
                                           const SplitCheck& check = {});

}  // namespace convoy::onnx
