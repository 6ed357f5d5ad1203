// A picture in memory, read as Pillow reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "foundation/error.h"

namespace convoy::bench {

// 8-bit RGB, row by row, three bytes a pixel.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

// JPEG or PNG, told apart by their first bytes (ImageNet has a PNG that is named .JPEG). Grey,
// palette, CMYK and YCCK become RGB, an alpha channel is dropped, an orientation in EXIF is ignored:
// the same bytes as PIL.Image.open(file).convert("RGB"). Errors name the file: no image, damaged or
// truncated, over 100 megapixels.
[[nodiscard]] Result<Image> read_image(const std::filesystem::path& file);

}  // namespace convoy::bench
