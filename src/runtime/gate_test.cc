#include "runtime/gate.h"

#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

TEST(Gate, IsClosedAtFirst) {
  const Gate gate;
  EXPECT_FALSE(gate.admits(Gate::Side::control, "L"));
  EXPECT_FALSE(gate.admits(Gate::Side::data, "L"));
  EXPECT_FALSE(gate.admits(Gate::Side::data, ""));
}

TEST(Gate, LetsCoordinatorsControlAndTheirWorkersSend) {
  Gate gate;
  EXPECT_TRUE(gate.trust({{"laptop", "L"}, {"desk", "D"}}));
  EXPECT_FALSE(gate.trust({{"laptop", "L"}, {"desk", "D"}}));  // nothing new
  gate.expect({"L", "P"});
  EXPECT_TRUE(gate.admits(Gate::Side::control, "D"));
  EXPECT_FALSE(gate.admits(Gate::Side::control, "P"));
  EXPECT_TRUE(gate.admits(Gate::Side::data, "P"));
  EXPECT_TRUE(gate.admits(Gate::Side::data, "L"));
  EXPECT_FALSE(gate.admits(Gate::Side::data, "D"));
  EXPECT_EQ(gate.name_of("D"), "desk");
  EXPECT_EQ(gate.name_of("P"), "");
  EXPECT_TRUE(gate.trust({{"desk", "D"}}));
  EXPECT_FALSE(gate.admits(Gate::Side::control, "L"));
}

}  // namespace
}  // namespace convoy::runtime
