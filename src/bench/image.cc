#include "bench/image.h"

#include <cstdio>
// jpeglib.h needs FILE and size_t before it.
#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <string>

#include "foundation/file.h"

namespace convoy::bench {
namespace {

constexpr std::int64_t kMostPixels = 100'000'000;

// --- JPEG ------------------------------------------------------------------------------------

// libjpeg reports through callbacks and must not return from an error: it jumps.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message{};
  bool truncated = false;
};

void on_jpeg_error(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  info->err->format_message(info, errors->message.data());
  std::longjmp(errors->jump, 1);
}

void on_jpeg_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) {
    reinterpret_cast<JpegErrors*>(info->err)->truncated = true;
  }
}

enum class JpegColours { rgb, grey, cmyk, inverted_cmyk };

// The part that may jump: nothing in here has a destructor.
bool decode_jpeg(const std::string& bytes, JpegErrors& errors, jpeg_decompress_struct& decoder,
                 std::vector<std::uint8_t>& samples, JpegColours& colours) {
  if (setjmp(errors.jump) != 0) return false;
  jpeg_create_decompress(&decoder);
  jpeg_mem_src(&decoder, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&decoder, TRUE);
  if (static_cast<std::int64_t>(decoder.image_width) * decoder.image_height > kMostPixels) {
    std::snprintf(errors.message.data(), errors.message.size(), "over 100 megapixels");
    return false;
  }
  decoder.dct_method = JDCT_ISLOW;
  if (decoder.num_components == 1) {
    decoder.out_color_space = JCS_GRAYSCALE;
    colours = JpegColours::grey;
  } else if (decoder.num_components == 4) {
    decoder.out_color_space = JCS_CMYK;
    colours = decoder.saw_Adobe_marker ? JpegColours::inverted_cmyk : JpegColours::cmyk;
  } else {
    decoder.out_color_space = JCS_RGB;
    colours = JpegColours::rgb;
  }
  jpeg_start_decompress(&decoder);
  const std::size_t row = std::size_t{decoder.output_width} * decoder.output_components;
  samples.resize(row * decoder.output_height);
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW target = samples.data() + row * decoder.output_scanline;
    jpeg_read_scanlines(&decoder, &target, 1);
  }
  jpeg_finish_decompress(&decoder);
  return true;
}

// a * b / 255, rounded, as Pillow computes it.
int multiplied(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

Image to_rgb(int width, int height, const std::vector<std::uint8_t>& samples,
             JpegColours colours) {
  Image image{.width = width, .height = height};
  if (colours == JpegColours::rgb) {
    image.pixels = samples;
    return image;
  }
  const std::size_t pixels = static_cast<std::size_t>(width) * height;
  image.pixels.resize(pixels * 3);
  for (std::size_t i = 0; i < pixels; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      if (colours == JpegColours::grey) {
        image.pixels[3 * i + c] = samples[i];
        continue;
      }
      const int flip = colours == JpegColours::inverted_cmyk ? 255 : 0;
      const int ink = samples[4 * i + c] ^ flip;
      const int light = 255 - (samples[4 * i + 3] ^ flip);
      image.pixels[3 * i + c] =
          static_cast<std::uint8_t>(std::clamp(light - multiplied(ink, light), 0, 255));
    }
  }
  return image;
}

Result<Image> read_jpeg(const std::string& bytes, const std::string& name) {
  JpegErrors errors;
  jpeg_decompress_struct decoder{};
  decoder.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = on_jpeg_error;
  errors.manager.emit_message = on_jpeg_message;
  std::vector<std::uint8_t> samples;
  JpegColours colours = JpegColours::rgb;
  const bool decoded = decode_jpeg(bytes, errors, decoder, samples, colours);
  const int width = static_cast<int>(decoder.output_width);
  const int height = static_cast<int>(decoder.output_height);
  jpeg_destroy_decompress(&decoder);
  if (!decoded) {
    return fail(ErrorKind::input, "{}: not a readable JPEG: {}", name, errors.message.data());
  }
  if (errors.truncated) {
    return fail(ErrorKind::input, "{}: the JPEG is truncated: {} bytes are not all of it", name,
                bytes.size());
  }
  return to_rgb(width, height, samples, colours);
}

// --- PNG -------------------------------------------------------------------------------------

Result<Image> read_png(const std::string& bytes, const std::string& name) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const auto failed = [&] {
    const std::string why = png.message;
    png_image_free(&png);
    return fail(ErrorKind::input, "{}: not a readable PNG: {}", name, why);
  };
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) return failed();
  if (static_cast<std::int64_t>(png.width) * png.height > kMostPixels) {
    png_image_free(&png);
    return fail(ErrorKind::input, "{}: over 100 megapixels", name);
  }
  // Read with alpha and drop it: asking for RGB would blend with a background, Pillow does not.
  png.format = PNG_FORMAT_RGBA;
  std::vector<std::uint8_t> samples(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, samples.data(), 0, nullptr) == 0) return failed();
  Image image{.width = static_cast<int>(png.width), .height = static_cast<int>(png.height)};
  image.pixels.reserve(samples.size() / 4 * 3);
  for (std::size_t i = 0; i < samples.size(); i += 4) {
    image.pixels.insert(image.pixels.end(), {samples[i], samples[i + 1], samples[i + 2]});
  }
  return image;
}

}  // namespace

Result<Image> read_image(const std::filesystem::path& file) {
  const Result<std::string> bytes = read_file(file);
  if (!bytes) return std::unexpected(bytes.error());
  if (bytes->starts_with("\xff\xd8")) return read_jpeg(*bytes, file.string());
  if (bytes->starts_with("\x89PNG")) return read_png(*bytes, file.string());
  return fail(ErrorKind::input, "{}: neither a JPEG nor a PNG image", file.string());
}

}  // namespace convoy::bench
