#include "runtime/plan_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;
using Fit = PlanChoice::Fit;

// Plans of 100, 150 and 400 ms, whose devices are all there.
class PlanChoiceTest : public testing::Test {
 protected:
  std::optional<std::size_t> best() const {
    return choice_.best([&](std::size_t plan) { return fits_.at(plan); }, now_);
  }
  bool pays(std::size_t plan) const { return choice_.pays(plan, 60s, 100ms, now_); }
  void begin(std::size_t plan) { choice_.begin(plan, answered_, now_); }
  // The plan that runs takes so long for each request, for some time.
  void run(Seconds each, int stretches = 2) {
    for (int i = 0; i < stretches; ++i) {
      const double count = std::max(10.0, std::ceil(2.0 / each.count()));
      now_ += std::chrono::duration_cast<PlanChoice::Time::duration>(count * each);
      answered_ += static_cast<std::uint64_t>(count);
      choice_.look(answered_, true, now_);
    }
  }
  // As a conductor does. Whether it left the plan.
  bool reconsider() {
    const auto better = best();
    if (!better || !pays(*better)) return false;
    begin(*better);
    return true;
  }

  static std::set<DeviceId> devices(std::initializer_list<std::size_t> numbers) {
    return {numbers.begin(), numbers.end()};
  }

  PlanChoice choice_{{{100ms, devices({0, 1})}, {150ms, devices({0, 2})}, {400ms, devices({1})}}};
  std::map<std::size_t, Fit> fits_ = {{0, Fit::steady}, {1, Fit::steady}, {2, Fit::steady}};
  PlanChoice::Time now_{};
  std::uint64_t answered_ = 0;
};

TEST_F(PlanChoiceTest, TakesTheFirstThatFits) {
  EXPECT_EQ(best(), 0u);
  fits_[0] = Fit::none;
  EXPECT_EQ(best(), 1u);
  fits_[1] = fits_[2] = Fit::none;
  EXPECT_EQ(best(), std::nullopt);
}

TEST_F(PlanChoiceTest, TakesUnsteadyDevicesOnlyWhereNothingRuns) {
  fits_ = {{0, Fit::none}, {1, Fit::unsteady}, {2, Fit::none}};
  EXPECT_EQ(best(), 1u);
  begin(2);
  EXPECT_EQ(best(), std::nullopt);
}

TEST_F(PlanChoiceTest, LeavesAPlanThatFailedAloneForLongerEachTime) {
  choice_.fail(0, {ErrorKind::failure, "no memory"}, now_);
  EXPECT_EQ(choice_.failure(0)->message, "no memory");
  EXPECT_EQ(best(), 1u);
  now_ += 5s;
  EXPECT_EQ(best(), 0u);
  choice_.fail(0, {ErrorKind::failure, "no memory"}, now_);
  now_ += 9s;
  EXPECT_EQ(best(), 1u);
  now_ += 1s;
  begin(0);
  EXPECT_FALSE(choice_.failure(0));
}

TEST_F(PlanChoiceTest, LeavesASlowPlanForOneThatIsBetterAndTriesItAgain) {
  begin(0);
  run(100ms);
  EXPECT_FALSE(reconsider());
  run(250ms);
  EXPECT_TRUE(reconsider());
  EXPECT_EQ(choice_.running(), 1u);
  EXPECT_GT(choice_.slowdown(0, now_), 2.4);
  run(150ms, 4);  // 8.4 s; it takes forty requests to see
  EXPECT_FALSE(reconsider());
  now_ += 2s;
  EXPECT_FALSE(choice_.slowdown(0, now_));
  EXPECT_TRUE(reconsider());
  EXPECT_EQ(choice_.running(), 0u);
  // Still slow: twice as long.
  run(250ms);
  EXPECT_TRUE(reconsider());
  run(150ms, 6);
  EXPECT_FALSE(reconsider());
}

TEST_F(PlanChoiceTest, StaysWithASlowPlanThatIsStillTheBest) {
  begin(0);
  run(100ms);
  fits_[1] = Fit::none;
  run(250ms, 10);
  EXPECT_FALSE(reconsider());
}

TEST_F(PlanChoiceTest, WhereAllIsSlowSettlesOnTheBest) {
  begin(0);
  run(100ms);
  int switches = 0;
  for (int i = 0; i < 100; ++i) {
    const double each[] = {0.3, 0.45, 1.2};
    run(Seconds(each[*choice_.running()]));
    switches += reconsider() ? 1 : 0;
  }
  EXPECT_LE(switches, 4);
  EXPECT_EQ(choice_.running(), 0u);
}

TEST_F(PlanChoiceTest, LooksForTheSlowDeviceUntilItIsFound) {
  choice_ = PlanChoice({{100ms, devices({0, 1, 2})},
                        {150ms, devices({1, 2})},
                        {150ms, devices({0, 1, 2})},
                        {150ms, devices({0, 2})},
                        {150ms, devices({0, 1})}});
  for (std::size_t i = 0; i < 5; ++i) fits_[i] = Fit::steady;
  begin(0);
  run(100ms);
  // The first device is not it, nor is the last.
  std::vector<std::size_t> tried = {0};
  for (int i = 0; i < 10; ++i) {
    const bool with_the_slow_one = *choice_.running() != 3;
    run(with_the_slow_one ? 1s : 150ms);
    if (reconsider()) tried.push_back(*choice_.running());
  }
  EXPECT_EQ(tried, (std::vector<std::size_t>{0, 1, 3}));
}

TEST_F(PlanChoiceTest, WhatWasPredictedWrongIsTriedOnce) {
  // The second is not quicker than the first, whatever was predicted.
  begin(0);
  run(100ms);
  run(250ms);
  EXPECT_TRUE(reconsider());
  run(350ms);
  EXPECT_TRUE(reconsider());
  EXPECT_EQ(choice_.running(), 0u);
  run(250ms, 2);
  EXPECT_FALSE(reconsider());
}

TEST_F(PlanChoiceTest, TakesAShunnedPlanRatherThanOneThatIsWorse) {
  begin(0);
  run(100ms);
  fits_[1] = Fit::none;
  run(250ms);
  choice_.end();
  EXPECT_EQ(best(), 0u);
}

TEST_F(PlanChoiceTest, ShunsAPlanThatLostALinkUnlessItIsKnownWhy) {
  begin(0);
  choice_.lose_link(now_);
  choice_.end();
  EXPECT_EQ(best(), 1u);
  choice_.forgive(0);
  EXPECT_EQ(best(), 0u);
}

TEST_F(PlanChoiceTest, GoesByTheOrderWherePeriodsAreNotKnown) {
  choice_ = PlanChoice({{}, {}, {}});
  begin(1);
  EXPECT_TRUE(pays(0));
  EXPECT_FALSE(pays(2));
  run(100ms);
  run(250ms);
  fits_[0] = Fit::none;
  EXPECT_TRUE(reconsider());
  EXPECT_EQ(choice_.running(), 2u);
}

}  // namespace
}  // namespace convoy::runtime
