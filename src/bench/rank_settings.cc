#include "bench/rank_settings.h"

#include <algorithm>

#include "foundation/suggest.h"

namespace convoy::bench {
namespace {

// One of a few words; the error names the nearest.
Result<std::string> one_of(const Yaml& map, const std::string& key,
                           const std::vector<std::string>& words, const std::string& fallback) {
  Result<std::string> word = text_or(map, key, fallback);
  if (word && std::ranges::find(words, *word) == words.end()) {
    return fail_at(*map.find(key), "\"{}\" cannot be \"{}\"{}", key, *word, suggest(*word, words));
  }
  return word;
}

Result<std::vector<SortKey>> parse_sort_by(const Yaml& value) {
  const auto list = as_list(value, "sort_by");
  if (!list) return std::unexpected(list.error());
  std::vector<SortKey> keys;
  for (const Yaml& item : **list) {
    if (!item.is_map() || item.entries.size() != 1) {
      return fail_at(item, "an item of \"sort_by\" is one metric with its order, such as "
                           "{{\"fps\": \"descend\"}}");
    }
    const auto& [metric, order] = item.entries.front();
    if (order.scalar != "ascend" && order.scalar != "descend") {
      return fail_at(order, "the order of \"{}\" is \"ascend\" or \"descend\", not \"{}\"", metric,
                     order.scalar);
    }
    keys.push_back({.metric = metric,
                    .order = order.scalar == "ascend" ? Order::ascend : Order::descend,
                    .place = order.place()});
  }
  return keys;
}

Result<void> parse_names(const Yaml& map, const std::string& key, std::vector<std::string>& names) {
  const Yaml* value = map.find(key);
  if (value == nullptr) return {};
  const auto list = as_list(*value, key);
  if (!list) return std::unexpected(list.error());
  names.clear();
  for (const Yaml& item : **list) {
    const Result<std::string> name = as_text(item, key);
    if (!name) return std::unexpected(name.error());
    names.push_back(*name);
  }
  if (names.empty()) return fail_at(*value, "\"{}\" is empty; [\"all\"] selects all", key);
  return {};
}

Result<SelectedItems> parse_selected(const Yaml& value) {
  static const std::vector<std::string> known = {"paradigms", "modules", "hyperparameters",
                                                 "metrics"};
  SelectedItems selected;
  return expect_map(value, "selected_dataitem")
      .and_then([&] { return only_keys(value, known); })
      .and_then([&] { return parse_names(value, "paradigms", selected.paradigms); })
      .and_then([&] { return parse_names(value, "modules", selected.modules); })
      .and_then([&] { return parse_names(value, "hyperparameters", selected.hyperparameters); })
      .and_then([&] { return parse_names(value, "metrics", selected.metrics); })
      .transform([&] {
        if (const Yaml* metrics = value.find("metrics")) selected.metrics_place = metrics->place();
        return selected;
      });
}

Result<void> check_visualization(const Yaml& value) {
  static const std::vector<std::string> known = {"mode", "method"};
  return expect_map(value, "visualization")
      .and_then([&] { return only_keys(value, known); })
      .and_then([&] { return one_of(value, "mode", {"selected_only"}, "selected_only"); })
      .and_then([&](const std::string&) {
        return one_of(value, "method", {"print_table"}, "print_table");
      })
      .transform([](const std::string&) {});
}

}  // namespace

Result<RankSettings> parse_rank(const Yaml& rank) {
  static const std::vector<std::string> known = {"sort_by", "visualization", "selected_dataitem",
                                                 "save_mode"};
  static const std::vector<std::string> modes = {"selected_only", "selected_and_all",
                                                 "selected_and_all_and_picture"};
  RankSettings settings;
  if (Result<void> keys = expect_map(rank, "rank").and_then([&] { return only_keys(rank, known); });
      !keys) {
    return std::unexpected(keys.error());
  }
  if (const Yaml* value = rank.find("sort_by")) {
    Result<std::vector<SortKey>> sort_by = parse_sort_by(*value);
    if (!sort_by) return std::unexpected(sort_by.error());
    settings.sort_by = std::move(*sort_by);
  }
  if (const Yaml* value = rank.find("visualization")) {
    if (Result<void> checked = check_visualization(*value); !checked) {
      return std::unexpected(checked.error());
    }
  }
  if (const Yaml* value = rank.find("selected_dataitem")) {
    Result<SelectedItems> selected = parse_selected(*value);
    if (!selected) return std::unexpected(selected.error());
    settings.selected = std::move(*selected);
  }
  const Result<std::string> mode = one_of(rank, "save_mode", modes, "selected_and_all");
  if (!mode) return std::unexpected(mode.error());
  settings.save_mode = static_cast<SaveMode>(std::ranges::find(modes, *mode) - modes.begin());
  return settings;
}

Result<void> check_metrics(const RankSettings& settings, const std::vector<std::string>& metrics) {
  for (const SortKey& key : settings.sort_by) {
    if (std::ranges::find(metrics, key.metric) != metrics.end()) continue;
    return fail(ErrorKind::input,
                "{}: sort_by names the metric \"{}\", which the test environment does not "
                "measure{}",
                key.place, key.metric, suggest(key.metric, metrics));
  }
  for (const std::string& name : settings.selected.metrics) {
    if (name == "all" || std::ranges::find(metrics, name) != metrics.end()) continue;
    return fail(ErrorKind::input,
                "{}: selected_dataitem names the metric \"{}\", which the test environment does "
                "not measure{}",
                settings.selected.metrics_place, name, suggest(name, metrics));
  }
  return {};
}

}  // namespace convoy::bench
