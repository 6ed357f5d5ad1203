// What to call several things that have names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace convoy::onnx {

// What names have in common, up to a place where a name may end: "layer.0" of "layer.0.query" and
// "layer.0.key". Empty if that is nothing.
[[nodiscard]] std::string common_name(std::span<const std::string_view> names);

}  // namespace convoy::onnx
