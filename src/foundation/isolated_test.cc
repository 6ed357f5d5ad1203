#include "foundation/isolated.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

namespace convoy {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Isolated, GivesWhatTheWorkReturns) {
  int changed = 0;
  const std::string large(3'000'000, 'x');  // more than a pipe holds
  EXPECT_EQ(run_isolated([&] { changed = 1; return large; }, 60s), large);
  EXPECT_EQ(changed, 0);
  EXPECT_EQ(run_isolated([] { return std::string(); }, 60s), "");
}

TEST(Isolated, SurvivesACrash) {
  const auto crashed = run_isolated([]() -> std::string { ::raise(SIGSEGV); return "alive"; }, 60s);
  ASSERT_FALSE(crashed);
  EXPECT_THAT(crashed.error().message, HasSubstr("crashed"));
  EXPECT_FALSE(run_isolated([]() -> std::string { throw std::runtime_error("no"); }, 60s));
}

TEST(Isolated, EndsWhatDoesNotEnd) {
  const auto ended = run_isolated([]() -> std::string { for (;;) ::pause(); }, 50ms);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "took longer than 50 ms");
}

}  // namespace
}  // namespace convoy
