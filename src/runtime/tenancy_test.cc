#include "runtime/tenancy.h"

#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;

const Tenancy::Time kStart{};
const Tenant kLaptop{.key = "L", .session = 1, .who = "laptop"};
const Tenant kPhone{.key = "P", .session = 1, .who = "phone"};

TEST(Tenancy, BelongsToWhoComesFirst) {
  Tenancy tenancy(2s);
  EXPECT_EQ(tenancy.claim(kLaptop, "a", kStart), Tenancy::Claim::taken);
  EXPECT_EQ(tenancy.claim(kPhone, "b", kStart + 1h), Tenancy::Claim::refused);
  EXPECT_EQ(tenancy.tenant()->who, "laptop");
  EXPECT_EQ(tenancy.route(), "a");
  tenancy.release();
  EXPECT_EQ(tenancy.route(), "");
  EXPECT_EQ(tenancy.claim(kPhone, "b", kStart + 1h), Tenancy::Claim::taken);
}

TEST(Tenancy, ASessionAloneDoesNotMakeTheSameCoordinator) {
  Tenancy tenancy(2s);
  EXPECT_EQ(tenancy.claim(kLaptop, "a", kStart), Tenancy::Claim::taken);
  EXPECT_EQ(tenancy.claim({.key = "P", .session = 1}, "b", kStart), Tenancy::Claim::refused);
  EXPECT_EQ(tenancy.claim({.key = "L", .session = 2}, "b", kStart), Tenancy::Claim::refused);
}

TEST(Tenancy, WaitsForACoordinatorThatLostItsConnection) {
  Tenancy tenancy(2s);
  (void)tenancy.claim(kLaptop, "a", kStart);
  EXPECT_FALSE(tenancy.expired(kStart + 1h));
  tenancy.lost(kStart + 1s);
  tenancy.lost(kStart + 2s);  // still
  EXPECT_EQ(tenancy.claim(kPhone, "b", kStart + 2999ms), Tenancy::Claim::refused);
  EXPECT_EQ(tenancy.claim(kLaptop, "c", kStart + 2999ms), Tenancy::Claim::kept);
  EXPECT_EQ(tenancy.route(), "c");
  EXPECT_FALSE(tenancy.expired(kStart + 1h));
}

TEST(Tenancy, IsFreeAgainAfterTheGrace) {
  Tenancy tenancy(2s);
  (void)tenancy.claim(kLaptop, "a", kStart);
  tenancy.lost(kStart);
  EXPECT_FALSE(tenancy.expired(kStart + 1999ms));
  EXPECT_TRUE(tenancy.expired(kStart + 2s));
  EXPECT_EQ(tenancy.claim(kPhone, "b", kStart + 2s), Tenancy::Claim::taken);
}

TEST(Tenancy, TellsARepeatedRequest) {
  Tenancy tenancy(2s);
  (void)tenancy.claim(kLaptop, "a", kStart);
  EXPECT_TRUE(tenancy.is_new(1));
  EXPECT_TRUE(tenancy.is_new(7));
  EXPECT_FALSE(tenancy.is_new(7));
  EXPECT_FALSE(tenancy.is_new(3));
  (void)tenancy.claim(kLaptop, "b", kStart);  // a new connection counts from 1
  EXPECT_TRUE(tenancy.is_new(1));
}

}  // namespace
}  // namespace convoy::runtime
