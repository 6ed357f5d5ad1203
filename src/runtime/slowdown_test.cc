#include "runtime/slowdown.h"

#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;

const Slowdown::Time kNow{};

TEST(Slowdown, ComparesAPlanWithItself) {
  Slowdown slowdown;
  slowdown.begin(100, kNow);
  EXPECT_FALSE(slowdown.look(110, true, kNow + 1s));  // too short
  EXPECT_EQ(slowdown.look(120, true, kNow + 2s), 1);  // a tenth of a second each
  EXPECT_EQ(slowdown.look(130, true, kNow + 4s), 2);
  EXPECT_EQ(slowdown.look(170, true, kNow + 6s), 1);  // never was it that quick
  EXPECT_EQ(slowdown.least(), 50ms);
  EXPECT_EQ(slowdown.look(178, true, kNow + 10s), 10);
}

TEST(Slowdown, ComparesAPlanThatIsNewWithWhatIsExpected) {
  Slowdown slowdown;
  slowdown.begin(0, kNow);
  slowdown.expect(100ms);
  EXPECT_EQ(slowdown.look(10, true, kNow + 4s), 4);
  slowdown.expect(1s);  // it is known by now
  EXPECT_EQ(slowdown.look(20, true, kNow + 8s), 4);
}

TEST(Slowdown, NoticesThatNothingIsAnsweredAnyMore) {
  Slowdown slowdown;
  slowdown.begin(0, kNow);
  // It may still be filling.
  EXPECT_FALSE(slowdown.look(0, true, kNow + 60s));
  EXPECT_EQ(slowdown.look(300, true, kNow + 60s), 1);  // 200 ms each
  EXPECT_FALSE(slowdown.look(301, true, kNow + 66s));
  EXPECT_EQ(slowdown.look(301, true, kNow + 66400ms), 32);
}

TEST(Slowdown, LeavesOutWhatOthersAreSlowAt) {
  Slowdown slowdown;
  slowdown.begin(0, kNow);
  EXPECT_EQ(slowdown.look(20, true, kNow + 2s), 1);
  EXPECT_FALSE(slowdown.look(30, false, kNow + 60s));
  EXPECT_FALSE(slowdown.look(39, true, kNow + 61s));
  EXPECT_EQ(slowdown.look(50, true, kNow + 62s), 1);
}

TEST(Slowdown, RemembersHowQuickAPlanWasWhenItIsInForceAgain) {
  Slowdown slowdown;
  slowdown.begin(0, kNow);
  EXPECT_EQ(slowdown.look(20, true, kNow + 2s), 1);
  slowdown.begin(1000, kNow + 60s);
  EXPECT_EQ(slowdown.look(1010, true, kNow + 64s), 4);
}

}  // namespace
}  // namespace convoy::runtime
