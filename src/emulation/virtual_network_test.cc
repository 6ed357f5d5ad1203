#include "emulation/virtual_network.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "emulation/network_fixture.h"

namespace convoy::emulation {
namespace {

using testing::HasSubstr;

const DeviceId a(0), b(1), c(2);
const End host;

TEST_F(NetworkTest, LosesNothingUnlessItIsCut) {
  const auto network = make(three_devices());
  for (const End from : {End(a), End(b), End(c), host}) {
    for (const End to : {End(a), End(b), End(c), host}) {
      if (from == to) continue;
      EXPECT_TRUE(arrives(*network, from, to));
    }
  }
}

TEST_F(NetworkTest, CutsOneDirectionOfOneLink) {
  const auto network = make(three_devices());
  // a to b is shaped, b to a is not, and the host's links never are.
  for (const auto& [from, to] : {std::pair(End(a), End(b)), std::pair(End(b), End(a)),
                                 std::pair(End(a), host), std::pair(host, End(a))}) {
    ASSERT_TRUE(network->cut(from, to));
    ASSERT_TRUE(network->cut(from, to));
    EXPECT_FALSE(arrives(*network, from, to));
    EXPECT_TRUE(arrives(*network, to, from));
    EXPECT_TRUE(arrives(*network, c, b));
    EXPECT_TRUE(arrives(*network, from, c));
    ASSERT_TRUE(network->mend(from, to));
    EXPECT_TRUE(arrives(*network, from, to));
  }
}

TEST_F(NetworkTest, CutsADeviceFromAllOthersAndTheHost) {
  const auto network = make(three_devices());
  ASSERT_TRUE(network->cut(b));
  for (const End other : {End(a), End(c), host}) {
    EXPECT_FALSE(arrives(*network, b, other));
    EXPECT_FALSE(arrives(*network, other, b));
  }
  EXPECT_TRUE(arrives(*network, a, c));
  EXPECT_TRUE(arrives(*network, host, c));
  ASSERT_TRUE(network->mend(b, Direction::from_device));
  EXPECT_TRUE(arrives(*network, b, host));
  EXPECT_FALSE(arrives(*network, host, b));
  ASSERT_TRUE(network->mend(b));
  EXPECT_TRUE(arrives(*network, host, b));
}

TEST_F(NetworkTest, ChangesRates) {
  const auto network = make(three_devices());
  EXPECT_THAT(classes(a), HasSubstr("rate 8Mbit ceil 8Mbit"));
  ASSERT_TRUE(network->set_rate(a, b, BytesPerSecond(250'000)));
  EXPECT_THAT(classes(a), HasSubstr("rate 2Mbit ceil 2Mbit"));
  EXPECT_TRUE(arrives(*network, a, b));
}

TEST_F(NetworkTest, ChangesWhatLinksOfOneRadioShare) {
  fleet::Fleet fleet = three_devices();
  fleet.contention = fleet::Contention::radio;
  const auto network = make(fleet);
  EXPECT_THAT(classes(a), HasSubstr("htb 1:1 root rate 8Mbit ceil 8Mbit"));
  ASSERT_TRUE(network->set_rate(a, b, BytesPerSecond(6'000'000)));
  EXPECT_THAT(classes(a), HasSubstr("htb 1:1 root rate 48Mbit ceil 48Mbit"));
  EXPECT_THAT(classes(a), HasSubstr("rate 16Mbit ceil 48Mbit"));
}

TEST_F(NetworkTest, SaysWhatCannotBeChanged) {
  const auto network = make(three_devices());
  const auto done = network->set_rate(b, a, BytesPerSecond(250'000));  // which has no limit
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("tc failed: "));
  EXPECT_TRUE(network->set_rate(a, b, BytesPerSecond(250'000)));
}

}  // namespace
}  // namespace convoy::emulation
