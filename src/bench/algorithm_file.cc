#include "bench/algorithm_file.h"

#include <algorithm>

#include "bench/locate.h"
#include "foundation/suggest.h"
#include "foundation/yaml.h"

namespace convoy::bench {
namespace {

Hyperparameter& entry(std::vector<Hyperparameter>& list, const std::string& name) {
  const auto found = std::ranges::find(list, name, &Hyperparameter::name);
  return found != list.end() ? *found : list.emplace_back(Hyperparameter{.name = name});
}

// A file of `other_hyperparameters`: a flat map.
Result<void> read_other(const std::filesystem::path& file, std::vector<Hyperparameter>& list) {
  const Result<Yaml> yaml = read_yaml(file);
  if (!yaml) return std::unexpected(yaml.error());
  if (auto map = expect_map(*yaml, "other_hyperparameters"); !map) return map;
  for (const auto& [name, value] : yaml->entries) {
    const Result<std::string> text = as_text(value, name);
    if (!text) return std::unexpected(text.error());
    entry(list, name) = {.name = name, .values = {*text}, .place = value.place()};
  }
  return {};
}

Result<std::vector<std::string>> parse_values(const std::string& name, const Yaml& item) {
  static const std::vector<std::string> known = {"values"};
  const auto list = expect_map(item, name)
                        .and_then([&] { return only_keys(item, known); })
                        .and_then([&] { return required(item, "values", name); })
                        .and_then([](const Yaml* value) { return as_list(*value, "values"); });
  if (!list) return std::unexpected(list.error());
  std::vector<std::string> values;
  for (const Yaml& value : **list) {
    Result<std::string> text = as_text(value, name);
    if (!text) return std::unexpected(text.error());
    values.push_back(std::move(*text));
  }
  if (values.empty()) return fail_at(item, "\"{}\" has no values", name);
  return values;
}

Result<std::vector<Hyperparameter>> parse_hyperparameters(const Yaml& value) {
  const auto items = as_list(value, "hyperparameters");
  if (!items) return std::unexpected(items.error());
  std::vector<Hyperparameter> others;
  std::vector<Hyperparameter> own;
  for (const Yaml& item : **items) {
    if (auto map = expect_map(item, "hyperparameters"); !map) return std::unexpected(map.error());
    for (const auto& [name, settings] : item.entries) {
      const Result<std::vector<std::string>> values = parse_values(name, settings);
      if (!values) return std::unexpected(values.error());
      if (name == "other_hyperparameters") {
        for (const std::string& path : *values) {
          const auto read = locate(path, *settings.file, settings.place())
                                .and_then([&](const auto& file) { return read_other(file, others); });
          if (!read) return std::unexpected(read.error());
        }
      } else if (std::ranges::contains(own, name, &Hyperparameter::name)) {
        return fail_at(settings, "a second hyperparameter named \"{}\"", name);
      } else {
        own.push_back({.name = name, .values = *values, .place = settings.place()});
      }
    }
  }
  for (Hyperparameter& hyperparameter : own) {
    entry(others, hyperparameter.name) = std::move(hyperparameter);
  }
  return others;
}

Result<Module> parse_module(const Yaml& item) {
  static const std::vector<std::string> known = {"type", "name", "url", "hyperparameters"};
  if (auto keys = expect_map(item, "modules").and_then([&] { return only_keys(item, known); });
      !keys) {
    return std::unexpected(keys.error());
  }
  const Result<std::string> type = required_text(item, "type", "a module");
  if (!type) return std::unexpected(type.error());
  if (*type != "basemodel" && *type != "solver") {
    return fail_at(*item.find("type"),
                   "multiedgeinference has no module of type \"{}\"; known: basemodel, solver",
                   *type);
  }
  const Result<std::string> name = required_text(item, "name", "a module");
  if (!name) return std::unexpected(name.error());
  const Result<Spelled> url = spelled(item, "url");
  if (!url) return std::unexpected(url.error());
  Module module{.type = *type, .name = *name, .url = *url, .place = item.find("name")->place()};
  if (const Yaml* list = item.find("hyperparameters"); list != nullptr && !list->is_null()) {
    if (*type == "solver") return fail_at(*list, "a solver has no hyperparameters");
    Result<std::vector<Hyperparameter>> hyperparameters = parse_hyperparameters(*list);
    if (!hyperparameters) return std::unexpected(hyperparameters.error());
    module.hyperparameters = std::move(*hyperparameters);
  }
  return module;
}

Result<void> parse_modules(const Yaml& value, Algorithm& algorithm) {
  const auto list = as_list(value, "modules");
  if (!list) return std::unexpected(list.error());
  for (const Yaml& item : **list) {
    Result<Module> module = parse_module(item);
    if (!module) return std::unexpected(module.error());
    if (module->type == "basemodel") {
      algorithm.modules.push_back(std::move(*module));
    } else if (algorithm.solver) {
      return fail_at(item, "a second module of type solver");
    } else {
      algorithm.solver = std::move(*module);
    }
  }
  if (algorithm.modules.size() != 1) {
    return fail_at(value, "multiedgeinference needs one module of type basemodel; here are {}",
                   algorithm.modules.size());
  }
  return {};
}

}  // namespace

Result<Algorithm> read_algorithm(const std::string& name, const std::filesystem::path& file) {
  static const std::vector<std::string> known_at_top = {"algorithm"};
  static const std::vector<std::string> known = {
      "paradigm_type", "initial_model_url", "modules", "devices", "third_party_packages",
      "incremental_learning_data_setting", "lifelong_learning_data_setting", "fl_data_setting"};
  const Result<Yaml> yaml = read_yaml(file);
  if (!yaml) return std::unexpected(yaml.error());
  const auto top = only_keys(*yaml, known_at_top).and_then([&] {
    return required(*yaml, "algorithm", "an algorithm file");
  });
  if (!top) return std::unexpected(top.error());
  const Yaml& map = **top;
  if (auto keys = expect_map(map, "algorithm").and_then([&] { return only_keys(map, known); });
      !keys) {
    return std::unexpected(keys.error());
  }

  Algorithm algorithm{.name = name, .file = file};
  const Result<std::string> paradigm = required_text(map, "paradigm_type", "algorithm");
  if (!paradigm) return std::unexpected(paradigm.error());
  if (*paradigm != "multiedgeinference") {
    return fail_at(*map.find("paradigm_type"),
                   "convoy does not run the paradigm \"{}\"; known: multiedgeinference", *paradigm);
  }
  algorithm.paradigm = *paradigm;
  for (const auto& [key, member] : {std::pair{"initial_model_url", &Algorithm::model},
                                    std::pair{"devices", &Algorithm::devices}}) {
    const Result<Spelled> text = spelled(map, key);
    if (!text) return std::unexpected(text.error());
    algorithm.*member = *text;
  }
  const auto modules = required(map, "modules", "algorithm").and_then([&](const Yaml* value) {
    return parse_modules(*value, algorithm);
  });
  if (!modules) return std::unexpected(modules.error());
  for (const char* key : {"third_party_packages", "incremental_learning_data_setting",
                          "lifelong_learning_data_setting", "fl_data_setting"}) {
    if (const Yaml* value = map.find(key)) {
      algorithm.notes.push_back(
          fmt::format("{}: \"{}\" is not used by multiedgeinference", value->place(), key));
    }
  }
  return algorithm;
}

}  // namespace convoy::bench
