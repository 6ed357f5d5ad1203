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

TEST(TimeSample, KeepsEverySecondOfThemWhereThereAreMore) {
  TimeSample sample(100);
  for (int i = 0; i < 100'000; ++i) sample.add(Seconds(i));
  EXPECT_EQ(sample.count(), 100'000u);
  for (const double share : {0.1, 0.5, 0.9}) {
    EXPECT_NEAR(sample.quantile(share).count(), 100'000 * share, 100'000 / 50.0) << share;
  }
}

TEST(TimeSample, ForgetsNoPartOfTime) {
  TimeSample sample(7);
  for (int i = 0; i < 1000; ++i) {
    sample.add(Seconds(i < 500 ? 1 : 2));
    EXPECT_EQ(sample.quantile(0.3), Seconds(1)) << i;
  }
}

}  // namespace
}  // namespace convoy
