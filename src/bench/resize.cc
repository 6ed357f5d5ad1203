#include "bench/resize.h"

#include <algorithm>
#include <cmath>

namespace convoy::bench {
namespace {

// Pillow's arithmetic (its Resample.c): weights with 22 bits behind the point, sums in 32 bits.
constexpr int kPrecision = 32 - 8 - 2;

double bilinear(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// Which input positions make one output position, and their weights.
struct Window {
  int first = 0;
  std::vector<int> weights;
};

std::vector<Window> windows_of(int from, int to, Interpolation interpolation) {
  const auto filter = interpolation == Interpolation::bilinear ? bilinear : bicubic;
  const double scale = static_cast<double>(from) / to;
  const double stretch = std::max(1.0, scale);
  const double support = (interpolation == Interpolation::bilinear ? 1.0 : 2.0) * stretch;
  std::vector<Window> windows(to);
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int last = std::min(from, static_cast<int>(centre + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int x = first; x < last; ++x) {
      weights.push_back(filter((x - centre + 0.5) * (1.0 / stretch)));
      sum += weights.back();
    }
    windows[i].first = first;
    for (const double weight : weights) {
      const double fixed = (sum != 0 ? weight / sum : weight) * (1 << kPrecision);
      windows[i].weights.push_back(static_cast<int>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
  }
  return windows;
}

// One pass: `count` lines, each of `windows.size()` output positions; positions and lines are so
// many bytes apart.
struct Steps {
  std::size_t position;
  std::size_t line;
};
void pass(const std::uint8_t* from, Steps from_steps, std::uint8_t* to, Steps to_steps,
          int count, const std::vector<Window>& windows) {
  for (int line = 0; line < count; ++line) {
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const Window& window = windows[i];
      for (std::size_t channel = 0; channel < 3; ++channel) {
        int sum = 1 << (kPrecision - 1);
        const std::uint8_t* pixel =
            from + line * from_steps.line + window.first * from_steps.position + channel;
        for (const int weight : window.weights) {
          sum += *pixel * weight;
          pixel += from_steps.position;
        }
        to[line * to_steps.line + i * to_steps.position + channel] =
            static_cast<std::uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
      }
    }
  }
}

Image blank(int width, int height) {
  return {.width = width,
          .height = height,
          .pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3)};
}

}  // namespace

Image resize(const Image& image, int width, int height, Interpolation interpolation) {
  Image wide = image;
  if (width != image.width) {
    wide = blank(width, image.height);
    pass(image.pixels.data(), {3, std::size_t{3} * image.width}, wide.pixels.data(),
         {3, std::size_t{3} * width}, image.height, windows_of(image.width, width, interpolation));
  }
  if (height == image.height) return wide;
  Image done = blank(width, height);
  pass(wide.pixels.data(), {std::size_t{3} * width, 3}, done.pixels.data(),
       {std::size_t{3} * width, 3}, width, windows_of(image.height, height, interpolation));
  return done;
}

Image resize_shorter_side(const Image& image, int size, Interpolation interpolation) {
  const auto longer = [size](int longest, int shortest) {
    return static_cast<int>(static_cast<std::int64_t>(size) * longest / shortest);
  };
  return image.width <= image.height
             ? resize(image, size, longer(image.height, image.width), interpolation)
             : resize(image, longer(image.width, image.height), size, interpolation);
}

Image centre_crop(const Image& image, int size) {
  // torchvision pads a smaller image first, and rounds halves to even.
  const auto offset = [size](int length) {
    return length < size ? -((size - length) / 2)
                         : static_cast<int>(std::nearbyint((length - size) / 2.0));
  };
  const int left = offset(image.width);
  const int top = offset(image.height);
  Image cropped = blank(size, size);
  for (int y = std::max(0, -top); y < std::min(size, image.height - top); ++y) {
    const int first = std::max(0, -left);
    const int last = std::min(size, image.width - left);
    std::copy_n(image.pixels.data() + 3 * (std::size_t{1} * (y + top) * image.width + first + left),
                3 * static_cast<std::size_t>(last - first),
                cropped.pixels.data() + 3 * (std::size_t{1} * y * size + first));
  }
  return cropped;
}

}  // namespace convoy::bench
