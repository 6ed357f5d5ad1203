#include "runtime/pacer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Pacer::Time kNow{};
constexpr BytesPerSecond kKilobyte{1000};

Packet to(std::size_t peer, std::uint64_t request) {
  return {.to = PeerId(peer), .request = request};
}

std::vector<std::uint64_t> requests(const std::vector<Packet>& packets) {
  std::vector<std::uint64_t> numbers;
  for (const Packet& packet : packets) numbers.push_back(packet.request);
  return numbers;
}

TEST(Pacer, HoldsEachParcelForItsBytesOneAfterTheOther) {
  Pacer pacer({{PeerId(1), {.rate = kKilobyte}}}, Pacer::Sharing::own_links);
  pacer.push(to(1, 0), Bytes(500), kNow);
  pacer.push(to(1, 1), Bytes(1000), kNow + 100ms);
  EXPECT_EQ(pacer.next(), kNow + 500ms);
  EXPECT_THAT(pacer.release(kNow + 499ms), IsEmpty());
  EXPECT_THAT(requests(pacer.release(kNow + 500ms)), ElementsAre(0));
  EXPECT_EQ(pacer.next(), kNow + 1500ms);
}

TEST(Pacer, SavesNothingUpWhileALinkIsIdle) {
  Pacer pacer({{PeerId(1), {.rate = kKilobyte}}}, Pacer::Sharing::own_links);
  pacer.push(to(1, 0), Bytes(1000), kNow + 60s);
  EXPECT_EQ(pacer.next(), kNow + 61s);
}

TEST(Pacer, AddsLatencyWithoutKeepingTheLinkBusy) {
  Pacer pacer({{PeerId(1), {.rate = kKilobyte, .latency = 2s}}}, Pacer::Sharing::own_links);
  pacer.push(to(1, 0), Bytes(1000), kNow);
  pacer.push(to(1, 1), Bytes(1000), kNow);
  EXPECT_THAT(requests(pacer.release(kNow + 3s)), ElementsAre(0));
  EXPECT_THAT(requests(pacer.release(kNow + 4s)), ElementsAre(1));
  EXPECT_FALSE(pacer.next());
}

TEST(Pacer, LetsLinksRunBesideEachOtherUnlessTheyShareARadio) {
  const std::map<PeerId, Pacer::Link> links = {{PeerId(1), {.rate = kKilobyte}},
                                               {PeerId(2), {.rate = kKilobyte}}};
  Pacer own(links, Pacer::Sharing::own_links);
  Pacer radio(links, Pacer::Sharing::one_radio);
  for (Pacer* pacer : {&own, &radio}) {
    pacer->push(to(1, 0), Bytes(1000), kNow);
    pacer->push(to(2, 1), Bytes(1000), kNow);
  }
  EXPECT_THAT(requests(own.release(kNow + 1s)), ElementsAre(0, 1));
  EXPECT_THAT(requests(radio.release(kNow + 1s)), ElementsAre(0));
  EXPECT_THAT(requests(radio.release(kNow + 2s)), ElementsAre(1));
}

}  // namespace
}  // namespace convoy::runtime
