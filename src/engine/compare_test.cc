#include "engine/compare.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace convoy::engine {
namespace {

using onnx::ElementType;

template <class T>
SharedTensor tensor(ElementType type, const std::vector<T>& values, std::int64_t size = -1) {
  onnx::Tensor made{.type = type,
                    .dims = {size < 0 ? static_cast<std::int64_t>(values.size()) : size},
                    .data = {},
                    .strings = {}};
  made.data.resize(values.size() * sizeof(T));
  std::memcpy(made.data.data(), values.data(), made.data.size());
  return share(std::move(made));
}

SharedTensor floats(const std::vector<float>& values) {
  return tensor(ElementType::float32, values);
}

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Compare, FindsTheLargestDifference) {
  const Difference difference = compare(floats({1, 2, 3}), floats({1, 2.5, 2.75}));
  EXPECT_FALSE(difference.identical);
  EXPECT_EQ(difference.max_abs, 0.5);
}

TEST(Compare, TakesNansAsTheSameByTheirBits) {
  EXPECT_TRUE(compare(floats({kNan}), floats({kNan})).identical);
  const float other = std::bit_cast<float>(std::bit_cast<std::uint32_t>(kNan) | 1U);
  const Difference difference = compare(floats({kNan}), floats({other}));
  EXPECT_FALSE(difference.identical);
  EXPECT_EQ(difference.max_abs, 0.0);
}

TEST(Compare, TellsZerosOfDifferentSignApart) {
  const Difference difference = compare(floats({0.0F}), floats({-0.0F}));
  EXPECT_FALSE(difference.identical);
  EXPECT_EQ(difference.max_abs, 0.0);
}

TEST(Compare, IsInfiniteBetweenANumberAndNoNumber) {
  EXPECT_EQ(compare(floats({kNan, 1}), floats({0, 1})).max_abs, kInfinity);
  EXPECT_EQ(compare(floats({kInfinity, 1}), floats({kInfinity, 3})).max_abs, 2.0);
}

TEST(Compare, HasNoDifferenceForOtherShapesTypesAndStrings) {
  EXPECT_EQ(compare(floats({1}), floats({1, 2})).max_abs, std::nullopt);
  EXPECT_EQ(compare(floats({1}), tensor<std::int32_t>(ElementType::int32, {1})).max_abs,
            std::nullopt);
  const auto text = [](const char* word) {
    return share({.type = ElementType::string, .dims = {}, .data = {}, .strings = {word}});
  };
  EXPECT_TRUE(compare(text("a"), text("a")).identical);
  EXPECT_FALSE(compare(text("a"), text("b")).identical);
  EXPECT_EQ(compare(text("a"), text("b")).max_abs, std::nullopt);
}

TEST(Compare, KnowsEveryKindOfNumber) {
  const auto apart = []<class T>(ElementType type, T a, T b) {
    return compare(tensor<T>(type, {a}), tensor<T>(type, {b})).max_abs.value();
  };
  EXPECT_EQ(apart(ElementType::float64, 1.0, 3.0), 2);
  EXPECT_EQ(apart(ElementType::int64, std::int64_t{-1}, std::int64_t{3}), 4);
  EXPECT_EQ(apart(ElementType::int8, std::int8_t{-128}, std::int8_t{127}), 255);
  EXPECT_EQ(apart(ElementType::uint64, std::uint64_t{1}, std::uint64_t{1} << 63U), 0x1p63 - 1 + 1);
  // 1.0 and 2.0 in each format.
  EXPECT_EQ(apart(ElementType::float16, std::uint16_t{0x3C00}, std::uint16_t{0x4000}), 1);
  EXPECT_EQ(apart(ElementType::bfloat16, std::uint16_t{0x3F80}, std::uint16_t{0x4000}), 1);
  EXPECT_EQ(apart(ElementType::float8e4m3fn, std::uint8_t{0x38}, std::uint8_t{0x40}), 1);
  EXPECT_EQ(apart(ElementType::float8e4m3fnuz, std::uint8_t{0x40}, std::uint8_t{0x48}), 1);
  EXPECT_EQ(apart(ElementType::float8e5m2, std::uint8_t{0x3C}, std::uint8_t{0x40}), 1);
  EXPECT_EQ(apart(ElementType::float8e5m2fnuz, std::uint8_t{0x40}, std::uint8_t{0x44}), 1);
  // The smallest subnormals: 2^-9 and 2^-16.
  EXPECT_EQ(apart(ElementType::float8e4m3fn, std::uint8_t{0}, std::uint8_t{1}), 0x1p-9);
  EXPECT_EQ(apart(ElementType::float8e5m2, std::uint8_t{0}, std::uint8_t{1}), 0x1p-16);
  EXPECT_EQ(apart(ElementType::float8e5m2, std::uint8_t{0x7C}, std::uint8_t{0x7E}), kInfinity);
}

TEST(Compare, ReadsFourBitElements) {
  const auto packed = [](ElementType type, std::uint8_t byte) {
    return tensor<std::uint8_t>(type, {byte}, 1);
  };
  EXPECT_EQ(compare(packed(ElementType::int4, 0x8), packed(ElementType::int4, 0x7)).max_abs, 15);
  EXPECT_EQ(compare(packed(ElementType::uint4, 0x8), packed(ElementType::uint4, 0x7)).max_abs, 1);
  EXPECT_EQ(compare(packed(ElementType::float4e2m1, 0x7), packed(ElementType::float4e2m1, 0)).max_abs,
            6);
}

}  // namespace
}  // namespace convoy::engine
