#include "bench/image.h"

#include <gmock/gmock.h>

#include "bench/resize.h"
#include "bench/temporary_folder.h"
#include "foundation/file.h"

// All checksums were obtained from Pillow 13.0.0: zlib.crc32(image.tobytes()).

namespace convoy::bench {
namespace {

using testing::HasSubstr;

std::uint32_t crc32(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

// Noise, the harshest input for a filter: s = s * 1103515245 + 12345 mod 2^31, bits 16 to 23.
Image noise(int width, int height) {
  Image image{.width = width, .height = height};
  std::uint32_t state = 1;
  for (int i = 0; i < width * height * 3; ++i) {
    state = (state * 1103515245u + 12345u) & 0x7fffffffu;
    image.pixels.push_back(static_cast<std::uint8_t>(state >> 16));
  }
  return image;
}

TEST(Resize, IsPillowsBitForBit) {
  struct Golden {
    int from_width, from_height, width, height;
    std::uint32_t bilinear, bicubic;
  };
  constexpr Golden kGolden[] = {
      {37, 23, 16, 9, 0x81f3464bu, 0x22f610ddu},
      {37, 23, 61, 40, 0x84055bcdu, 0x6730a352u},
      {500, 375, 341, 256, 0x6b5a287cu, 0xabc72a83u},
      {5, 7, 224, 224, 0x4b14cf5cu, 0x8977b239u},
      {64, 1, 3, 1, 0x5f218cdbu, 0xf751da25u},
      {1, 1, 8, 8, 0x874daaeau, 0x874daaeau},
      {31, 31, 31, 12, 0xdda6fbb4u, 0x3bd7b381u},
      {31, 31, 12, 31, 0x084f872au, 0xaed9c781u},
  };
  for (const Golden& golden : kGolden) {
    const Image image = noise(golden.from_width, golden.from_height);
    SCOPED_TRACE(testing::Message() << golden.width << " x " << golden.height);
    EXPECT_EQ(crc32(resize(image, golden.width, golden.height, Interpolation::bilinear).pixels),
              golden.bilinear);
    EXPECT_EQ(crc32(resize(image, golden.width, golden.height, Interpolation::bicubic).pixels),
              golden.bicubic);
  }
}

TEST(Resize, BringsTheShorterSideToSizeAndCutsTheLonger) {
  const Image wide = resize_shorter_side(noise(500, 375), 256, Interpolation::bilinear);
  EXPECT_EQ(wide.width, 341);  // 341.33
  EXPECT_EQ(wide.height, 256);
  const Image tall = resize_shorter_side(noise(10, 29), 7, Interpolation::bilinear);
  EXPECT_EQ(tall.width, 7);
  EXPECT_EQ(tall.height, 20);  // 20.3
}

TEST(CentreCrop, TakesTheMiddleAndPadsWithBlack) {
  Image image{.width = 4, .height = 1};
  for (std::uint8_t x = 1; x <= 4; ++x) image.pixels.insert(image.pixels.end(), 3, x);
  const auto row = [](const Image& cropped, int y) {
    std::vector<int> values;
    for (int x = 0; x < cropped.width; ++x) {
      values.push_back(cropped.pixels[3 * (y * cropped.width + x)]);
    }
    return values;
  };
  const Image two = centre_crop(image, 2);
  EXPECT_THAT(row(two, 0), testing::ElementsAre(2, 3));
  EXPECT_THAT(row(two, 1), testing::ElementsAre(0, 0));
  EXPECT_THAT(row(centre_crop(image, 7), 3), testing::ElementsAre(0, 1, 2, 3, 4, 0, 0));
}

TEST(ReadImage, DecodesAsPillowDoes) {
  const std::filesystem::path folder = CONVOY_SOURCE_DIR "/src/bench/testdata";
  const std::pair<const char*, std::uint32_t> kGolden[] = {
      {"colour.jpg", 0xe4924f0du}, {"grey.jpg", 0x97fa374cu},  {"cmyk.jpg", 0xcb23f45cu},
      {"palette.png", 0x4d08c60cu}, {"alpha.png", 0x917fcc30u}, {"grey.png", 0x2c16bea3u},
  };
  for (const auto& [name, crc] : kGolden) {
    const Result<Image> image = read_image(folder / name);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->width, 37) << name;
    EXPECT_EQ(image->height, 23) << name;
    EXPECT_EQ(crc32(image->pixels), crc) << name;
  }
}

TEST(ReadImage, SaysWhatIsWrongWithAFile) {
  const std::filesystem::path folder = CONVOY_SOURCE_DIR "/src/bench/testdata";
  const TemporaryFolder made;
  const std::string jpeg = *read_file(folder / "colour.jpg");
  const std::string png = *read_file(folder / "palette.png");
  const auto error = [&](const std::string& bytes) {
    const Result<Image> image = read_image(made.write("image", bytes));
    return image ? "no error" : image.error().message;
  };
  EXPECT_THAT(error(jpeg.substr(0, 700)), HasSubstr("image: the JPEG is truncated: 700 bytes"));
  EXPECT_THAT(error(jpeg.substr(0, 30)), HasSubstr("JPEG"));
  EXPECT_THAT(error(png.substr(0, 900)), HasSubstr("image: not a readable PNG: "));
  EXPECT_THAT(error("BM and so on"), HasSubstr("image: neither a JPEG nor a PNG image"));
  EXPECT_THAT(read_image(made.path() / "none.jpg").error().message, HasSubstr("none.jpg"));
}

}  // namespace
}  // namespace convoy::bench
