#include "bench/test_env_file.h"

#include <algorithm>
#include <array>

#include "foundation/yaml.h"

namespace convoy::bench {
namespace {

Result<DatasetSettings> parse_dataset(const Yaml& dataset, std::vector<std::string>& notes) {
  static constexpr std::array kTestKeys = {"test_index", "test_data", "test_data_info", "test_url"};
  DatasetSettings settings;
  for (const auto& [key, value] : dataset.entries) {
    Result<Spelled> text = spelled(dataset, key);
    if (std::ranges::contains(kTestKeys, key)) {
      if (!text) return std::unexpected(text.error());
      if (settings.test.given()) {
        return fail_at(value, "\"{}\" names a second test set; the first is in {}", key,
                       settings.test.place);
      }
      settings.test = *text;
    } else if (key == "labels" || key == "synsets") {
      if (!text) return std::unexpected(text.error());
      (key == "labels" ? settings.labels : settings.synsets) = *text;
    } else if (key == "label") {
      if (!text) return std::unexpected(text.error());
      if (text->given()) settings.label_column = text->text;
    } else {
      notes.push_back(fmt::format("{}: \"{}\" of the dataset is not used", value.place(), key));
    }
  }
  if (!settings.test.given()) {
    return fail_at(dataset, "the dataset names no test set; \"test_index\" is the usual key");
  }
  return settings;
}

Result<std::vector<MetricSettings>> parse_metrics(const Yaml& value) {
  static const std::vector<std::string> known = {"name", "url"};
  const auto list = as_list(value, "metrics");
  if (!list) return std::unexpected(list.error());
  std::vector<MetricSettings> metrics;
  for (const Yaml& item : **list) {
    if (auto keys = expect_map(item, "metrics").and_then([&] { return only_keys(item, known); });
        !keys) {
      return std::unexpected(keys.error());
    }
    const Result<std::string> name = required_text(item, "name", "a metric");
    if (!name) return std::unexpected(name.error());
    const Result<Spelled> url = spelled(item, "url");
    if (!url) return std::unexpected(url.error());
    if (std::ranges::contains(metrics, *name, &MetricSettings::name)) {
      return fail_at(*item.find("name"), "a second metric named \"{}\"", *name);
    }
    metrics.push_back({.name = *name, .url = *url, .place = item.find("name")->place()});
  }
  if (metrics.empty()) return fail_at(value, "\"metrics\" is empty; \"fps\" is one to begin with");
  return metrics;
}

// Ianvs' example gives a list with one url; a plain path is as good.
Result<Spelled> parse_devices(const Yaml& map) {
  static const std::vector<std::string> known = {"url"};
  const Yaml* value = map.find("devices");
  if (value == nullptr || value->is_null() || value->is_scalar()) return spelled(map, "devices");
  const auto list = as_list(*value, "devices");
  if (!list) return std::unexpected(list.error());
  if ((*list)->size() != 1 || !(*list)->front().is_map()) {
    return fail_at(*value, "\"devices\" is a list with one item, \"url: devices.yaml\"");
  }
  const Yaml& item = (*list)->front();
  return only_keys(item, known).and_then([&] { return spelled(item, "url"); });
}

}  // namespace

Result<TestEnv> read_test_env(const std::filesystem::path& file) {
  static const std::vector<std::string> known_at_top = {"testenv"};
  static const std::vector<std::string> known = {
      "dataset", "metrics", "devices", "model_eval", "incremental_rounds", "round",
      "client_number"};
  const Result<Yaml> yaml = read_yaml(file);
  if (!yaml) return std::unexpected(yaml.error());
  const auto top = only_keys(*yaml, known_at_top).and_then([&] {
    return required(*yaml, "testenv", "a test environment file");
  });
  if (!top) return std::unexpected(top.error());
  const Yaml& map = **top;
  if (auto keys = expect_map(map, "testenv").and_then([&] { return only_keys(map, known); });
      !keys) {
    return std::unexpected(keys.error());
  }

  TestEnv env{.file = file};
  const auto dataset = required(map, "dataset", "testenv").and_then([&](const Yaml* value) {
    return expect_map(*value, "dataset").and_then([&] { return parse_dataset(*value, env.notes); });
  });
  if (!dataset) return std::unexpected(dataset.error());
  env.dataset = *dataset;
  const auto metrics = required(map, "metrics", "testenv").and_then([](const Yaml* value) {
    return parse_metrics(*value);
  });
  if (!metrics) return std::unexpected(metrics.error());
  env.metrics = *metrics;
  const Result<Spelled> devices = parse_devices(map);
  if (!devices) return std::unexpected(devices.error());
  env.devices = *devices;
  for (const char* key : {"model_eval", "incremental_rounds", "round", "client_number"}) {
    if (const Yaml* value = map.find(key)) {
      env.notes.push_back(fmt::format(
          "{}: \"{}\" is not used: multiedgeinference trains nothing", value->place(), key));
    }
  }
  return env;
}

}  // namespace convoy::bench
