#include "bench/image_input.h"

#include "bench/resize.h"

namespace convoy::bench {

Result<FloatTensor> image_input(const std::filesystem::path& file, const ImageOptions& options) {
  constexpr int kLargest = 8192;
  if (options.resize < 1 || options.resize > kLargest || options.crop < 1 ||
      options.crop > kLargest || options.scale == 0) {
    return fail(ErrorKind::input,
                "images cannot be resized to {}, cropped to {} and scaled by {}; sizes are 1 to "
                "{}, the scale is not 0",
                options.resize, options.crop, options.scale, kLargest);
  }
  const Result<Image> image = read_image(file);
  if (!image) return std::unexpected(image.error());
  const auto interpolation = options.interpolation == ImageOptions::Interpolation::bilinear
                                 ? Interpolation::bilinear
                                 : Interpolation::bicubic;
  const Image crop =
      centre_crop(resize_shorter_side(*image, options.resize, interpolation), options.crop);
  FloatTensor tensor{.shape = {3, options.crop, options.crop}, .data = {}};
  const std::size_t plane = static_cast<std::size_t>(options.crop) * options.crop;
  tensor.data.resize(3 * plane);
  for (std::size_t pixel = 0; pixel < plane; ++pixel) {
    for (std::size_t channel = 0; channel < 3; ++channel) {
      tensor.data[channel * plane + pixel] =
          (static_cast<float>(crop.pixels[3 * pixel + channel]) - options.mean) / options.scale;
    }
  }
  return tensor;
}

}  // namespace convoy::bench
