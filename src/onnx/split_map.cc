#include "onnx/split_map.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <thread>

#include "foundation/file.h"
#include "foundation/json.h"
#include "foundation/sha256.h"
#include "onnx/model_proto.h"

namespace convoy::onnx {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* map_name = "map.json";

Json to_json(const SubModel& sub_model) {
  Json json = {{"file", sub_model.file},       {"device", sub_model.device},
               {"inputs", sub_model.inputs},   {"outputs", sub_model.outputs},
               {"sha256", sub_model.sha256}};
  if (!sub_model.turns.empty()) json["turns"] = sub_model.turns;
  if (!sub_model.data_file.empty()) {
    json["data_file"] = sub_model.data_file;
    json["data_sha256"] = sub_model.data_sha256;
  }
  return json;
}

std::string text_of(const SplitMap& map) {
  Json json = {{"model", map.model},
               {"model_sha256", map.model_sha256},
               {"mode", name_of(map.mode)},
               {"level", name_of(map.level)},
               {"inputs", map.inputs},
               {"outputs", map.outputs},
               {"sub_models", Json::array()}};
  for (const SubModel& sub_model : map.sub_models) json["sub_models"].push_back(to_json(sub_model));
  // The name of the model's file may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void refuse_unknown_keys(const nlohmann::json& json, const std::set<std::string>& known) {
  for (const auto& [key, value] : json.items()) {
    if (!known.contains(key)) throw Malformed{fmt::format("unknown key \"{}\"", key)};
  }
}

SubModel parse_sub_model(const nlohmann::json& json) {
  refuse_unknown_keys(json, {"file", "device", "inputs", "outputs", "turns", "sha256",
                             "data_file", "data_sha256"});
  const auto text_or_none = [&](const char* key) {
    return json.contains(key) ? json_text(json, key) : "";
  };
  return {.file = json_text(json, "file"),
          .device = json_text(json, "device"),
          .turns = json.contains("turns") ? json_texts(json, "turns") : std::vector<std::string>{},
          .inputs = json_texts(json, "inputs"),
          .outputs = json_texts(json, "outputs"),
          .sha256 = json_text(json, "sha256"),
          .data_file = text_or_none("data_file"),
          .data_sha256 = text_or_none("data_sha256")};
}

Result<SplitMap> parse_map(const nlohmann::json& json) {
  refuse_unknown_keys(json, {"model", "model_sha256", "mode", "level", "inputs", "outputs",
                             "sub_models"});
  const Result<CutMode> mode = parse_mode(json_text(json, "mode"));
  if (!mode) return std::unexpected(mode.error());
  const Result<OptimizationLevel> level = parse_level(json_text(json, "level"));
  if (!level) return std::unexpected(level.error());
  SplitMap map{.model = json_text(json, "model"),
               .model_sha256 = json_text(json, "model_sha256"),
               .mode = *mode,
               .level = *level,
               .inputs = json_texts(json, "inputs"),
               .outputs = json_texts(json, "outputs"),
               .sub_models = {}};
  for (const nlohmann::json& sub_model : json_list(json, "sub_models")) {
    map.sub_models.push_back(parse_sub_model(sub_model));
  }
  if (map.sub_models.empty()) return fail(ErrorKind::input, "it names no sub-models");
  return map;
}

// All files of a split but map.json.
std::vector<std::string> files_of(const SplitMap& map) {
  std::vector<std::string> files;
  for (const SubModel& sub_model : map.sub_models) {
    files.push_back(sub_model.file);
    if (!sub_model.data_file.empty()) files.push_back(sub_model.data_file);
  }
  return files;
}

Result<void> check_files_present(const fs::path& directory, const SplitMap& map) {
  for (const std::string& file : files_of(map)) {
    if (file.empty() || file == "." || file == ".." || fs::path(file).filename() != file) {
      return fail(ErrorKind::input, "\"{}\" is no plain file name", file);
    }
    std::error_code code;
    if (!fs::is_regular_file(directory / file, code)) {
      return fail(ErrorKind::input, "the sub-model's file {} is missing", file);
    }
  }
  return {};
}

template <class Named>
std::vector<std::string> names_of(const google::protobuf::RepeatedPtrField<Named>& values) {
  std::vector<std::string> names;
  for (const auto& value : values) names.push_back(value.name());
  return names;
}

// Weights may stand among the inputs: before IR version 4 they must, and are none; since then they may
// be overridden, if the whole model says so, too.
std::vector<std::string> inputs_of(const ::onnx::ModelProto& model,
                                   const std::vector<std::string>& of_whole) {
  std::vector<std::string> inputs = names_of(model.graph().input());
  const std::vector<std::string> weights = names_of(model.graph().initializer());
  std::set<std::string> constant(weights.begin(), weights.end());
  if (model.ir_version() >= 4) {
    for (const std::string& name : of_whole) constant.erase(name);
  }
  std::erase_if(inputs, [&](const std::string& name) { return constant.contains(name); });
  return inputs;
}

std::string sub_model_name(std::size_t part) { return fmt::format("sub_model_{}.onnx", part + 1); }

Result<void> write_sub_model(const fs::path& folder, Model model,
                             const std::vector<std::string>& inputs_of_whole, SubModel& entry) {
  entry.inputs = inputs_of(model.box().model, inputs_of_whole);
  entry.outputs = names_of(model.box().model.graph().output());
  Result<std::string> data_sum = write_for_engine(std::move(model), folder / entry.file);
  if (!data_sum) return std::unexpected(data_sum.error());
  Result<std::string> sum = sha256_of(folder / entry.file);
  if (!sum) return std::unexpected(sum.error());
  entry.sha256 = *std::move(sum);
  if (!data_sum->empty()) entry.data_file = entry.file + ".data";
  entry.data_sha256 = *std::move(data_sum);
  return {};
}

// Writes as many models at once as there are cores.
Result<void> write_sub_models(const fs::path& folder, std::vector<Model> models, SplitMap& map) {
  const std::size_t at_once = std::max(1U, std::thread::hardware_concurrency());
  std::deque<std::future<Result<void>>> written;
  Result<void> done;
  for (std::size_t i = 0; i < models.size() || !written.empty(); ++i) {
    if (i >= models.size() || written.size() == at_once) {
      if (auto one = written.front().get(); !one && done) done = std::move(one);
      written.pop_front();
    }
    if (i >= models.size() || !done) continue;
    SubModel& entry = map.sub_models[i];
    entry.file = sub_model_name(i);
    written.push_back(std::async(std::launch::async, [&, model = std::move(models[i])]() mutable {
      return write_sub_model(folder, std::move(model), map.inputs, entry);
    }));
  }
  return done;
}

// The files of the split that is in the folder. What else has a name that this split needs is
// somebody's, and not to be lost.
Result<std::vector<std::string>> replaceable_files(const fs::path& directory, std::size_t parts) {
  std::vector<std::string> old = {map_name};
  std::error_code code;
  if (fs::exists(directory / map_name, code)) {
    const Result<SplitMap> map = read_split_map(directory);
    if (!map) {
      return fail(ErrorKind::input, "{}: is no split that could be replaced; choose another folder",
                  (directory / map_name).string());
    }
    std::ranges::copy(files_of(*map), std::back_inserter(old));
  }
  for (std::size_t part = 0; part < parts; ++part) {
    for (const std::string& file : {sub_model_name(part), sub_model_name(part) + ".data"}) {
      if (!std::ranges::contains(old, file) && fs::exists(directory / file, code)) {
        return fail(ErrorKind::input,
                    "{}: is in the way, and not of a split in this folder; choose another folder",
                    (directory / file).string());
      }
    }
  }
  return old;
}

// Moves a finished split into place. map.json goes first and comes last, so that there is a map only
// beside the files that it names.
Result<void> put_in_place(const fs::path& aside, const fs::path& directory, const SplitMap& map,
                          std::vector<std::string> stale) {
  std::error_code code;
  fs::remove(directory / map_name, code);
  std::vector<std::string> files = files_of(map);
  files.push_back(map_name);
  for (const std::string& file : files) {
    std::erase(stale, file);
    fs::rename(aside / file, directory / file, code);
    if (code) {
      return fail(ErrorKind::failure, "{}: cannot be put in place: {}", (directory / file).string(),
                  code.message());
    }
  }
  for (const std::string& file : stale) fs::remove(directory / file, code);
  return {};
}

}  // namespace

void assign(SubModel& sub_model, const std::vector<std::string>& turns) {
  sub_model.device = turns.front();
  sub_model.turns = turns.size() > 1 ? turns : std::vector<std::string>{};
}

std::string_view name_of(OptimizationLevel level) {
  switch (level) {
    case OptimizationLevel::none:
      return "none";
    case OptimizationLevel::basic:
      return "basic";
    case OptimizationLevel::extended:
      return "extended";
    case OptimizationLevel::all:
      return "all";
  }
  return "";
}

Result<OptimizationLevel> parse_level(std::string_view name) {
  for (const auto level : {OptimizationLevel::none, OptimizationLevel::basic,
                           OptimizationLevel::extended, OptimizationLevel::all}) {
    if (name == name_of(level)) return level;
  }
  return fail(ErrorKind::input, "unknown level \"{}\"; known: none, basic, extended, all", name);
}

std::string_view name_of(CutMode mode) { return mode == CutMode::exact ? "exact" : "fast"; }

Result<CutMode> parse_mode(std::string_view name) {
  if (name == "exact") return CutMode::exact;
  if (name == "fast") return CutMode::fast;
  return fail(ErrorKind::input, "unknown mode \"{}\"; known: exact, fast", name);
}

Result<SplitMap> read_split_map(const fs::path& directory) {
  const fs::path file = directory / map_name;
  const Result<std::string> text = read_file(file);
  if (!text) {
    return fail(text.error().kind, "{}; a folder that `convoy split` wrote has one",
                text.error().message);
  }
  Result<SplitMap> map = read_json(*text, file.string(), parse_map);
  if (!map) return map;
  if (Result<void> present = check_files_present(directory, *map); !present) {
    return within(file.string(), present.error());
  }
  return map;
}

Result<void> check_split(const fs::path& directory, const SplitMap& map) {
  const auto check = [&](const std::string& file, const std::string& expected) -> Result<void> {
    const Result<std::string> sum = sha256_of(directory / file);
    if (!sum) return std::unexpected(sum.error());
    if (*sum == expected) return {};
    return fail(ErrorKind::input, "{}: is not the file that map.json names (its SHA-256 is {}, not {})",
                (directory / file).string(), *sum, expected);
  };
  for (const SubModel& sub_model : map.sub_models) {
    if (Result<void> done = check(sub_model.file, sub_model.sha256); !done) return done;
    if (sub_model.data_file.empty()) continue;
    if (Result<void> done = check(sub_model.data_file, sub_model.data_sha256); !done) return done;
  }
  return {};
}

Result<SplitMap> map_of_whole(const fs::path& file, const Graph& graph) {
  SubModel whole{.file = file.filename(),
                 .inputs = input_names(graph),
                 .outputs = output_names(graph)};
  Result<std::string> sum = sha256_of(file);
  if (!sum) return std::unexpected(std::move(sum.error()));
  whole.sha256 = *std::move(sum);
  if (const fs::path data = file.string() + ".data"; fs::exists(data)) {
    sum = sha256_of(data);
    if (!sum) return std::unexpected(std::move(sum.error()));
    whole.data_file = data.filename();
    whole.data_sha256 = *std::move(sum);
  }
  return SplitMap{.model = file,
                  .model_sha256 = whole.sha256,
                  .inputs = whole.inputs,
                  .outputs = whole.outputs,
                  .sub_models = {whole}};
}

Result<SplitMap> write_split(const fs::path& directory, std::vector<Model> models, SplitMap map,
                             const SplitCheck& check) {
  assert(map.sub_models.empty() || map.sub_models.size() == models.size());
  map.sub_models.resize(models.size());
  std::error_code code;
  const bool is_new = fs::create_directories(directory, code);
  if (code) {
    return fail(ErrorKind::failure, "{}: cannot be created: {}", directory.string(), code.message());
  }
  auto old = replaceable_files(directory, models.size());
  if (!old) return std::unexpected(std::move(old.error()));
  const auto write = [&]() -> Result<void> {
    const Aside aside(directory / "split");
    fs::create_directory(aside.path(), code);
    if (code) {
      return fail(ErrorKind::failure, "{}: cannot be written into: {}", directory.string(),
                  code.message());
    }
    if (auto done = write_sub_models(aside.path(), std::move(models), map); !done) return done;
    if (auto done = write_file(aside.path() / map_name, text_of(map)); !done) {
      return done;
    }
    if (check) {
      if (Result<void> done = check(aside.path()); !done) return done;
    }
    return put_in_place(aside.path(), directory, map, *std::move(old));
  };
  if (Result<void> done = write(); !done) {
    if (is_new) fs::remove(directory, code);
    return std::unexpected(done.error());
  }
  return map;
}

}  // namespace convoy::onnx
