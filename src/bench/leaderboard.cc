#include "bench/leaderboard.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace convoy::bench {
namespace {

// A leaderboard's columns by what they are; where a column stands says it, so files of earlier runs
// can be read back.
struct Columns {
  std::vector<std::string> metrics;
  std::vector<std::string> modules;
  std::vector<std::string> hyperparameters;  // "module-name"
  bool error = false;

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all = {"rank", "algorithm"};
    all.insert(all.end(), metrics.begin(), metrics.end());
    all.push_back("paradigm");
    all.insert(all.end(), modules.begin(), modules.end());
    all.insert(all.end(), hyperparameters.begin(), hyperparameters.end());
    all.insert(all.end(), {"time", "url"});
    if (error) all.push_back("error");
    return all;
  }
};

void add_new(std::vector<std::string>& names, const std::string& name) {
  if (!std::ranges::contains(names, name)) names.push_back(name);
}

Columns columns_of(const CsvTable& table) {
  Columns columns;
  enum { front, metrics, settings, end } section = front;
  for (const std::string& name : table.columns) {
    if (name == "algorithm") {
      section = metrics;
    } else if (name == "paradigm") {
      section = settings;
    } else if (name == "time") {
      section = end;
    } else if (section == metrics) {
      columns.metrics.push_back(name);
    } else if (section == settings) {
      (name.find('-') == std::string::npos ? columns.modules : columns.hyperparameters)
          .push_back(name);
    } else if (name == "error") {
      columns.error = true;
    }
  }
  return columns;
}

void merge(Columns& columns, const Columns& more) {
  for (const auto& name : more.metrics) add_new(columns.metrics, name);
  for (const auto& name : more.modules) add_new(columns.modules, name);
  for (const auto& name : more.hyperparameters) add_new(columns.hyperparameters, name);
  columns.error |= more.error;
}

using Row = std::map<std::string, std::string>;

Row row_of(const RankedCase& test) {
  Row row = {{"algorithm", test.algorithm}, {"paradigm", test.paradigm}, {"time", test.time},
             {"url", test.url}, {"error", test.error}};
  for (const Figure& figure : test.metrics) row[figure.name] = to_cell(figure);
  for (const auto& [type, name] : test.modules) row[type] = name;
  for (const auto& [name, value] : test.hyperparameters) row[name] = value;
  return row;
}

std::optional<double> number_in(const Row& row, const std::string& column) {
  const auto cell = row.find(column);
  if (cell == row.end()) return std::nullopt;
  double number = 0;
  const char* const end = cell->second.data() + cell->second.size();
  const auto [stop, problem] = std::from_chars(cell->second.data(), end, number);
  if (problem != std::errc() || stop != end || number != number) return std::nullopt;
  return number;
}

bool failed(const Row& row) {
  const auto error = row.find("error");
  return error != row.end() && !error->second.empty();
}

bool before(const Row& a, const Row& b, const std::vector<SortKey>& keys) {
  if (failed(a) != failed(b)) return failed(b);
  for (const SortKey& key : keys) {
    const double worst = key.order == Order::ascend ? std::numeric_limits<double>::infinity()
                                                    : -std::numeric_limits<double>::infinity();
    const double x = number_in(a, key.metric).value_or(worst);
    const double y = number_in(b, key.metric).value_or(worst);
    if (x != y) return key.order == Order::ascend ? x < y : x > y;
  }
  return false;
}

void count_ranks(CsvTable& table) {
  const auto error = table.column("error");
  std::size_t rank = 0;
  for (auto& row : table.rows) {
    row[0] = error && !row[*error].empty() ? "" : std::to_string(++rank);
  }
}

bool selects(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::contains(names, "all") || std::ranges::contains(names, name);
}

// "basemodel-momentum" may also be selected as "momentum", as Ianvs' own comments spell it.
bool selects_hyperparameter(const std::vector<std::string>& names, const std::string& column) {
  return selects(names, column) || selects(names, column.substr(column.find('-') + 1));
}

}  // namespace

CsvTable leaderboard(const std::vector<RankedCase>& cases, const CsvTable& earlier,
                     const std::vector<SortKey>& sort_by) {
  Columns columns;
  std::vector<Row> rows;
  for (const RankedCase& test : cases) {
    for (const Figure& figure : test.metrics) add_new(columns.metrics, figure.name);
    for (const auto& [type, name] : test.modules) add_new(columns.modules, type);
    for (const auto& [name, value] : test.hyperparameters) add_new(columns.hyperparameters, name);
    columns.error |= !test.error.empty();
    rows.push_back(row_of(test));
  }
  merge(columns, columns_of(earlier));
  for (const auto& cells : earlier.rows) {
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[earlier.columns[i]] = cells[i];
  }
  std::ranges::stable_sort(rows, [&](const Row& a, const Row& b) { return before(a, b, sort_by); });

  CsvTable table{.columns = columns.names()};
  for (Row& row : rows) {
    auto& cells = table.rows.emplace_back();
    for (const std::string& name : table.columns) cells.push_back(row[name]);
  }
  count_ranks(table);
  return table;
}

CsvTable select(const CsvTable& all, const SelectedItems& selected) {
  Columns columns = columns_of(all);
  std::erase_if(columns.metrics, [&](const auto& name) { return !selects(selected.metrics, name); });
  std::erase_if(columns.modules, [&](const auto& name) { return !selects(selected.modules, name); });
  std::erase_if(columns.hyperparameters, [&](const auto& name) {
    return !selects_hyperparameter(selected.hyperparameters, name);
  });
  CsvTable table{.columns = columns.names()};
  const std::size_t paradigm = all.column("paradigm").value_or(0);
  std::set<std::vector<std::string>> seen;
  for (const auto& cells : all.rows) {
    if (!selects(selected.paradigms, cells[paradigm])) continue;
    std::vector<std::string> row;
    std::vector<std::string> telling;
    for (const std::string& name : table.columns) {
      row.push_back(cells[*all.column(name)]);
      if (name != "rank" && name != "time" && name != "url") telling.push_back(row.back());
    }
    if (seen.insert(telling).second) table.rows.push_back(std::move(row));
  }
  count_ranks(table);
  return table;
}

}  // namespace convoy::bench
