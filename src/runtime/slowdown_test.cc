#include "runtime/slowdown.h"

#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;

class SlowdownTest : public testing::Test {
 protected:
  // After a time in which so many were answered: how many times as long that took; 0: no verdict.
  double look(Seconds time, std::uint64_t count, bool is_busy = true) {
    now_ += std::chrono::duration_cast<Slowdown::Time::duration>(time);
    answered_ += count;
    const auto verdict = slowdown_.look(answered_, is_busy, now_);
    if (verdict) each_ = verdict->each;
    return verdict ? verdict->times : 0;
  }
  void begin() { slowdown_.begin(answered_, now_); }

  Slowdown slowdown_;
  Slowdown::Time now_{};
  std::uint64_t answered_ = 100;
  Seconds each_{0};
};

TEST_F(SlowdownTest, ComparesAPlanWithItself) {
  begin();
  EXPECT_EQ(look(1s, 10), 0);  // too short
  EXPECT_EQ(look(1s, 10), 0);  // a tenth of a second each, but only once
  EXPECT_EQ(look(2s, 20), 1);
  EXPECT_EQ(look(4s, 10), 1);  // disturbed
  EXPECT_EQ(look(4s, 10), 4);
  EXPECT_EQ(each_, 400ms);
  EXPECT_EQ(look(2s, 20), 1);
}

TEST_F(SlowdownTest, IsNotMisledByOneStretchThatCaughtUp) {
  begin();
  look(2s, 20);
  EXPECT_EQ(look(2s, 20), 1);
  EXPECT_EQ(look(2s, 100), 1);
  EXPECT_EQ(look(2s, 20), 1);
  EXPECT_EQ(look(2s, 20), 1);
  // Two are better than before.
  look(2s, 40);
  EXPECT_EQ(look(2s, 40), 1);
  look(2s, 20);
  EXPECT_EQ(look(2s, 20), 2);
}

TEST_F(SlowdownTest, NoticesThatNothingIsAnsweredAnyMore) {
  begin();
  EXPECT_EQ(look(60s, 0), 0);  // it may still be filling
  EXPECT_EQ(look(60s, 600), 0);
  EXPECT_EQ(look(2s, 10), 1);  // 200 ms each, as in the 120 s before
  EXPECT_EQ(look(6.3s, 0), 0);
  EXPECT_DOUBLE_EQ(look(0.1s, 0), 32);
}

TEST_F(SlowdownTest, LeavesOutWhatOthersAreSlowAt) {
  begin();
  look(2s, 20);
  EXPECT_EQ(look(2s, 20), 1);
  // A moment without requests is none of that.
  EXPECT_EQ(look(1s, 5, false), 0);
  EXPECT_EQ(look(0.05s, 0, true), 0);
  EXPECT_EQ(look(60s, 1, false), 0);
  EXPECT_EQ(look(60s, 1, false), 0);
  look(2s, 20);
  EXPECT_EQ(look(2s, 20), 1);
}

TEST_F(SlowdownTest, RemembersHowQuickAPlanWasWhenItIsInForceAgain) {
  begin();
  look(2s, 20);
  EXPECT_EQ(look(2s, 20), 1);
  look(60s, 900);
  begin();
  look(4s, 10);
  EXPECT_EQ(look(4s, 10), 4);
}

TEST_F(SlowdownTest, ComparesAPlanThatIsNewWithWhatIsExpectedOnce) {
  begin();
  slowdown_.expect(100ms);
  look(4s, 10);
  EXPECT_EQ(look(4s, 10), 4);
  EXPECT_EQ(look(4s, 10), 1);  // so it is
  slowdown_.expect(1s);        // it is known by now
  look(8s, 10);
  EXPECT_EQ(look(8s, 10), 2);
}

}  // namespace
}  // namespace convoy::runtime
