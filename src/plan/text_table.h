// Rows and columns for people.
#pragma once

#include <string>
#include <vector>

namespace convoy::plan {

// Columns padded to their widest cell; the first column to the left, the others to the right. Each
// row has at least one cell.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace convoy::plan
