#include "bench/table.h"

#include <algorithm>
#include <ftxui/dom/elements.hpp>
#include <ftxui/dom/table.hpp>
#include <ftxui/screen/screen.hpp>
#include <ftxui/screen/string.hpp>

namespace convoy::bench {
namespace {

using Cells = std::vector<std::vector<std::string>>;

const TestResult* result_of(const std::vector<TestResult>& results, const std::string& url) {
  const auto found = std::ranges::find_if(
      results, [&](const TestResult& result) { return result.directory.string() == url; });
  return found == results.end() ? nullptr : &*found;
}

// Columns worth their place: what is the same in all rows is left to the CSV files.
std::vector<std::size_t> shown_columns(const CsvTable& table) {
  std::vector<std::size_t> shown;
  const std::size_t paradigm = table.column("paradigm").value_or(table.columns.size());
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const std::string& name = table.columns[i];
    const bool differs = std::ranges::any_of(
        table.rows, [&](const auto& row) { return row[i] != table.rows.front()[i]; });
    const bool setting = i > paradigm && name.find('-') != std::string::npos;
    if (i < paradigm || (setting && differs)) shown.push_back(i);
  }
  return shown;
}

Cells cells_of(const CsvTable& table, const std::vector<TestResult>& results) {
  const std::vector<std::size_t> shown = shown_columns(table);
  const std::size_t url = *table.column("url");
  Cells cells(1);
  for (const std::size_t i : shown) {
    const std::string& name = table.columns[i];
    cells[0].push_back(name.starts_with("basemodel-") ? name.substr(10) : name);
  }
  for (const auto& row : table.rows) {
    const TestResult* result = result_of(results, row[url]);
    auto& line = cells.emplace_back();
    for (const std::size_t i : shown) {
      const Figure* figure =
          result == nullptr || result->error ? nullptr : find(result->figures, table.columns[i]);
      line.push_back(figure != nullptr ? to_text(*figure) : row[i].empty() ? "-" : row[i]);
    }
  }
  return cells;
}

std::string plain(const Cells& cells) {
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max<std::size_t>(widths[i], ftxui::string_width(line[i]));
    }
  }
  std::string text;
  for (const auto& line : cells) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      row += line[i] + std::string(widths[i] - ftxui::string_width(line[i]) + 2, ' ');
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string framed(const Cells& cells) {
  ftxui::Table table(cells);
  table.SelectAll().Border(ftxui::ROUNDED);
  table.SelectAll().SeparatorVertical(ftxui::LIGHT);
  table.SelectRow(0).Decorate(ftxui::bold);
  table.SelectRow(0).SeparatorHorizontal(ftxui::LIGHT);
  table.SelectRow(0).BorderBottom(ftxui::LIGHT);
  auto document = table.Render();
  document->ComputeRequirement();  // as wide as it is, whatever the terminal's width
  auto screen = ftxui::Screen::Create(ftxui::Dimension::Fixed(document->requirement().min_x),
                                      ftxui::Dimension::Fixed(document->requirement().min_y));
  ftxui::Render(screen, document);
  return screen.ToString() + "\n";
}

}  // namespace

std::string table_text(const CsvTable& leaderboard, const std::vector<TestResult>& results,
                       TableStyle style) {
  std::string text;
  if (!leaderboard.rows.empty()) {
    const Cells cells = cells_of(leaderboard, results);
    text = style == TableStyle::framed ? framed(cells) : plain(cells);
  }
  for (const TestResult& result : results) {
    if (result.error) text += fmt::format("{} failed: {}\n", result.title, result.error->message);
  }
  return text;
}

}  // namespace convoy::bench
