#include "onnx/common_name.h"

#include <algorithm>
#include <cstddef>

namespace convoy::onnx {

std::string common_name(std::span<const std::string_view> names) {
  constexpr std::string_view separators = "/._:";
  if (names.empty()) return "";
  if (names.size() == 1) return std::string(names.front());
  std::size_t length = names.front().size();
  for (const std::string_view name : names) {
    const auto differ = std::ranges::mismatch(names.front().substr(0, length), name);
    length = static_cast<std::size_t>(differ.in1 - names.front().begin());
  }
  const std::string_view common = names.front().substr(0, length);
  const bool ends = std::ranges::all_of(names, [&](std::string_view name) {
    return name.size() == length || separators.contains(name[length]);
  });
  const std::size_t end = ends ? length : common.find_last_of(separators) + 1;
  const std::size_t last = common.substr(0, end).find_last_not_of(separators);
  return std::string(common.substr(0, last + 1));
}

}  // namespace convoy::onnx
