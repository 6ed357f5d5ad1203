#include "foundation/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(UnitsTest, ReadsANumberWithItsUnit) {
  EXPECT_EQ(parse_bytes("512 MiB"), Bytes(512 * 1024 * 1024));
  EXPECT_EQ(parse_bytes("1.5GB"), Bytes(1'500'000'000));
  EXPECT_EQ(parse_bandwidth("40 Mbit/s"), BytesPerSecond(5e6));
  EXPECT_EQ(parse_bandwidth(" 3 MB/s "), BytesPerSecond(3e6));
  EXPECT_EQ(parse_duration("3 ms"), Seconds(0.003));
  EXPECT_EQ(parse_power("4500 mW"), Watts(4.5));
  EXPECT_EQ(parse_frequency("2.6 GHz"), Hertz(2.6e9));
  EXPECT_EQ(parse_flops("2 TFLOP/s"), FlopsPerSecond(2e12));
}

TEST(UnitsTest, TakesABareNumberInTheUnitThatIsMeantThere) {
  EXPECT_EQ(parse_bytes("1024", "MB"), Bytes(1'024'000'000));
  EXPECT_EQ(parse_bytes("7"), Bytes(7));
  EXPECT_EQ(parse_bandwidth("100"), BytesPerSecond(12.5e6));
  EXPECT_EQ(parse_frequency("2.6"), Hertz(2.6e9));
}

TEST(UnitsTest, SaysWhatWouldHaveBeenRight) {
  EXPECT_EQ(parse_bytes("lots", "MB").error().message,
            "\"lots\" is not a number with a unit, such as \"100 MB\"");
  EXPECT_EQ(parse_power("3 V").error().message,
            "\"3 V\" has the unit \"V\", which does not fit here; known: W, mW");
  EXPECT_EQ(parse_duration("-1 s").error().message, "\"-1 s\" is negative");
  EXPECT_EQ(parse_bytes("1e30 B").error().message, "\"1e30 B\" is too large");
  EXPECT_THAT(parse_bytes("").error().message, HasSubstr("is not a number"));
  EXPECT_THAT(parse_bytes("inf").error().message, HasSubstr("is not a number"));
  EXPECT_THAT(parse_bytes("1 2").error().message, HasSubstr("has the unit \"2\""));
  EXPECT_EQ(parse_bytes("x").error().kind, ErrorKind::input);
}

TEST(UnitsTest, WritesThreeDigitsInTheUnitThatFits) {
  EXPECT_EQ(to_text(Bytes(0)), "0 B");
  EXPECT_EQ(to_text(Bytes(999)), "999 B");
  EXPECT_EQ(to_text(Bytes(14'200'000)), "14.2 MB");
  EXPECT_EQ(to_text(BytesPerSecond(5e6)), "40.0 Mbit/s");
  EXPECT_EQ(to_text(Seconds(0.0032)), "3.20 ms");
  EXPECT_EQ(to_text(Seconds(125)), "125 s");
  EXPECT_EQ(to_text(Watts(4.5)), "4.50 W");
  EXPECT_EQ(to_text(Joules(0.25)), "250 mJ");
}

TEST(UnitsTest, RoundingMovesOnToTheNextUnit) {
  EXPECT_EQ(to_text(Bytes(999'999)), "1.00 MB");
  EXPECT_EQ(to_text(Seconds(0.0009999)), "1.00 ms");
  EXPECT_EQ(to_text(Bytes(99'990)), "100 kB");
}

TEST(UnitsTest, CalculatesWithinAUnit) {
  EXPECT_EQ(Bytes(3) + Bytes(4) - Bytes(2), Bytes(5));
  EXPECT_EQ(2 * Bytes(3), Bytes(3) * 2);
  EXPECT_EQ(Bytes(3) / Bytes(2), 1.5);
  EXPECT_EQ(Bytes(10) / BytesPerSecond(4), Seconds(2.5));
  EXPECT_EQ(Watts(3) * Seconds(2), Joules(6));
  EXPECT_LT(Bytes(1), Bytes(2));
}

}  // namespace
}  // namespace convoy
