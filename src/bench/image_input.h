// An image file as a model's input.
#pragma once

#include <filesystem>

#include "convoy/plugin.h"
#include "foundation/error.h"

namespace convoy::bench {

// [3, crop, crop] float32, channels red, green, blue. Errors: the file, or options that make no
// image (nothing but positive sizes up to 8192, a scale other than 0).
[[nodiscard]] Result<FloatTensor> image_input(const std::filesystem::path& file,
                                              const ImageOptions& options);

}  // namespace convoy::bench
