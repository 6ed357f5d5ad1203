// Tables of text as CSV files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"

namespace convoy::bench {

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`

  [[nodiscard]] std::optional<std::size_t> column(const std::string& name) const;

  friend bool operator==(const CsvTable&, const CsvTable&) = default;
};

// Fields with a comma, a quote or a line break are quoted (RFC 4180), lines end with "\n".
[[nodiscard]] std::string to_csv(const CsvTable& table);

// Reads what to_csv wrote, CRLF too, and the space-separated files that Ianvs itself writes (their
// header begins with "rank "). Errors give file and line.
[[nodiscard]] Result<CsvTable> parse_csv(const std::string& text, const std::string& file);

}  // namespace convoy::bench
