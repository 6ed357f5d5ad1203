// Resizing as Pillow does it, bit for bit: classifiers were trained on its pixels.
#pragma once

#include "bench/image.h"

namespace convoy::bench {

enum class Interpolation { bilinear, bicubic };

// PIL.Image.resize((width, height), BILINEAR or BICUBIC): antialiased when shrinking.
[[nodiscard]] Image resize(const Image& image, int width, int height, Interpolation interpolation);

// torchvision.transforms.Resize(size): the shorter side becomes `size`, the longer one is cut off to
// a whole number.
[[nodiscard]] Image resize_shorter_side(const Image& image, int size, Interpolation interpolation);

// torchvision.transforms.CenterCrop(size); pixels outside of a smaller image are black.
[[nodiscard]] Image centre_crop(const Image& image, int size);

}  // namespace convoy::bench
