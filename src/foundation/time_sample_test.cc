#include "foundation/time_sample.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

TEST(TimeSample, HasTheQuantilesOfAFew) {
  TimeSample sample;
  for (const double time : {5.0, 1.0, 4.0, 2.0, 3.0}) sample.add(Seconds(time));
  EXPECT_EQ(sample.count(), 5u);
  EXPECT_EQ(sample.quantile(0), Seconds(1));
  EXPECT_EQ(sample.quantile(0.2), Seconds(1));
  EXPECT_EQ(sample.quantile(0.5), Seconds(3));
  EXPECT_EQ(sample.quantile(0.9), Seconds(5));
}

TEST(TimeSample, StaysNearTheQuantilesOfMany) {
  TimeSample sample(1000);
  // Two devices that take turns.
  for (int i = 0; i < 100'000; ++i) sample.add(Seconds(i % 2 == 0 ? i : 200'000 - i));
  EXPECT_EQ(sample.count(), 100'000u);
  for (const double share : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    EXPECT_NEAR(sample.quantile(share).count(), 200'000 * share, 10'000) << share;
  }
}

}  // namespace
}  // namespace convoy
