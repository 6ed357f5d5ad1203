#include "runtime/meeting.h"

#include <gtest/gtest.h>

#include <optional>

namespace convoy::runtime {
namespace {

TEST(Meeting, BeginsWithTheLastAndEndsWithTheLast) {
  Meeting meeting(2);
  Meeting::Seat one(meeting), other(meeting);
  one.is_ready();
  EXPECT_FALSE(meeting.is_complete());
  other.is_ready();
  EXPECT_TRUE(meeting.is_complete());
  for (int i = 0; i < 3; ++i) one.has_enough();
  EXPECT_FALSE(meeting.is_over());
  other.has_enough();
  EXPECT_TRUE(meeting.is_over());
}

TEST(Meeting, IsOverWhenOneLeavesEarly) {
  Meeting meeting(3);
  std::optional<Meeting::Seat> one(meeting), other(meeting);
  one->has_enough();
  one.reset();
  EXPECT_FALSE(meeting.is_over());
  other.reset();
  EXPECT_TRUE(meeting.is_over());
  EXPECT_FALSE(meeting.is_complete());
}

}  // namespace
}  // namespace convoy::runtime
