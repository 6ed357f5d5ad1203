#include "bench/csv.h"

#include <algorithm>
#include <string_view>

namespace convoy::bench {
namespace {

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i == 0 ? "" : ",") + quoted(fields[i]);
  return line + "\n";
}

struct Record {
  std::vector<std::string> fields;
  int line = 0;  // where it begins
};

Result<std::vector<Record>> records_of(std::string_view text, char separator,
                                       const std::string& file) {
  std::vector<Record> records;
  int line = 1;
  std::size_t i = 0;
  while (i < text.size()) {
    Record record{.fields = {""}, .line = line};
    bool ended = false;
    while (!ended) {
      if (i == text.size()) {
        ended = true;
      } else if (text[i] == '"' && record.fields.back().empty()) {
        for (++i;; ++i) {
          if (i == text.size()) {
            return fail(ErrorKind::input, "{}:{}: a quoted field that does not end", file,
                        record.line);
          }
          if (text[i] == '\n') ++line;
          if (text[i] != '"') {
            record.fields.back() += text[i];
          } else if (i + 1 < text.size() && text[i + 1] == '"') {
            record.fields.back() += text[++i];
          } else {
            break;
          }
        }
        ++i;
      } else if (text[i] == separator) {
        record.fields.emplace_back();
        ++i;
      } else if (text[i] == '\n') {
        ended = true;
        ++line;
        ++i;
      } else {
        if (text[i] != '\r') record.fields.back() += text[i];
        ++i;
      }
    }
    if (record.fields.size() > 1 || !record.fields[0].empty()) records.push_back(record);
  }
  return records;
}

}  // namespace

std::optional<std::size_t> CsvTable::column(const std::string& name) const {
  const auto found = std::ranges::find(columns, name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

std::string to_csv(const CsvTable& table) {
  std::string text = line_of(table.columns);
  for (const auto& row : table.rows) text += line_of(row);
  return text;
}

Result<CsvTable> parse_csv(const std::string& text, const std::string& file) {
  const char separator = text.starts_with("rank ") ? ' ' : ',';
  Result<std::vector<Record>> records = records_of(text, separator, file);
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return fail(ErrorKind::input, "{}: empty; a header line is missing", file);
  CsvTable table{.columns = std::move(records->front().fields)};
  for (auto record = records->begin() + 1; record != records->end(); ++record) {
    if (record->fields.size() != table.columns.size()) {
      return fail(ErrorKind::input, "{}:{}: {} fields where the header has {}", file, record->line,
                  record->fields.size(), table.columns.size());
    }
    table.rows.push_back(std::move(record->fields));
  }
  return table;
}

}  // namespace convoy::bench
