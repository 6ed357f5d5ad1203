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

Pacer paced(const LinkPace& link, Sharing sharing = Sharing::own_links) {
  Pacer pacer(sharing);
  for (const std::size_t peer : {1, 2}) pacer.set(PeerId(peer), link, kNow);
  return pacer;
}

TEST(Pacer, HoldsEachParcelForItsBytesOneAfterTheOther) {
  Pacer pacer = paced({.rate = kKilobyte});
  pacer.push(to(1, 0), Bytes(500), kNow);
  pacer.push(to(1, 1), Bytes(1000), kNow + 100ms);
  EXPECT_EQ(pacer.next(), kNow + 500ms);
  EXPECT_THAT(pacer.release(kNow + 499ms), IsEmpty());
  EXPECT_THAT(requests(pacer.release(kNow + 500ms)), ElementsAre(0));
  EXPECT_EQ(pacer.next(), kNow + 1500ms);
}

TEST(Pacer, SavesNothingUpWhileALinkIsIdle) {
  Pacer pacer = paced({.rate = kKilobyte});
  pacer.push(to(1, 0), Bytes(1000), kNow + 60s);
  EXPECT_EQ(pacer.next(), kNow + 61s);
}

TEST(Pacer, AddsLatencyWithoutKeepingTheLinkBusy) {
  Pacer pacer = paced({.rate = kKilobyte, .latency = 2s});
  pacer.push(to(1, 0), Bytes(1000), kNow);
  pacer.push(to(1, 1), Bytes(1000), kNow);
  EXPECT_THAT(requests(pacer.release(kNow + 3s)), ElementsAre(0));
  EXPECT_THAT(requests(pacer.release(kNow + 4s)), ElementsAre(1));
  EXPECT_FALSE(pacer.next());
}

TEST(Pacer, LetsLinksRunBesideEachOtherUnlessTheyShareARadio) {
  Pacer own = paced({.rate = kKilobyte});
  Pacer radio = paced({.rate = kKilobyte}, Sharing::one_radio);
  for (Pacer* pacer : {&own, &radio}) {
    pacer->push(to(1, 0), Bytes(1000), kNow);
    pacer->push(to(2, 1), Bytes(1000), kNow);
    pacer->push(to(3, 2), Bytes(1000), kNow);  // that nothing slows
    EXPECT_THAT(requests(pacer->release(kNow)), ElementsAre(2));
  }
  EXPECT_THAT(requests(own.release(kNow + 1s)), ElementsAre(0, 1));
  EXPECT_THAT(requests(radio.release(kNow + 1s)), ElementsAre(0));
  EXPECT_THAT(requests(radio.release(kNow + 2s)), ElementsAre(1));
}

TEST(Pacer, GoesOnAtTheRateOfTheMoment) {
  Pacer pacer = paced({.rate = kKilobyte});
  pacer.push(to(1, 0), Bytes(3000), kNow);
  pacer.set(PeerId(1), {.rate = BytesPerSecond(4000)}, kNow + 1s);
  EXPECT_EQ(pacer.next(), kNow + 1500ms);
  pacer.set(PeerId(1), {}, kNow + 1250ms);
  EXPECT_THAT(requests(pacer.release(kNow + 1250ms)), ElementsAre(0));
}

TEST(Pacer, TakesChangesThatAreToldLate) {
  Pacer pacer = paced({.rate = kKilobyte});
  pacer.push(to(1, 0), Bytes(3000), kNow);
  // It stood still meanwhile, and so did the link.
  pacer.set(PeerId(1), {.is_cut = true}, kNow + 1s);
  pacer.set(PeerId(1), {.rate = kKilobyte}, kNow + 60s);
  EXPECT_THAT(pacer.release(kNow + 61s), IsEmpty());
  EXPECT_EQ(pacer.next(), kNow + 62s);
  // This one is looked at already.
  pacer.set(PeerId(1), {.rate = 2 * kKilobyte}, kNow + 60500ms);
  EXPECT_EQ(pacer.next(), kNow + 61500ms);
}

TEST(Pacer, LooksAtALatencyOnlyWhenItBegins) {
  Pacer pacer(Sharing::one_radio);
  pacer.set(PeerId(1), {.rate = kKilobyte, .latency = 60s}, kNow);
  pacer.set(PeerId(2), {.rate = kKilobyte}, kNow);
  pacer.push(to(1, 0), Bytes(1000), kNow);
  pacer.push(to(2, 1), Bytes(1000), kNow);
  EXPECT_EQ(pacer.next(), kNow + 1s);
  EXPECT_THAT(pacer.release(kNow + 1s), IsEmpty());
  EXPECT_EQ(pacer.next(), kNow + 2s);
  EXPECT_THAT(requests(pacer.release(kNow + 2s)), ElementsAre(1));
  EXPECT_EQ(pacer.next(), kNow + 61s);
}

TEST(Pacer, HoldsWhatIsSentOnALinkThatIsCut) {
  Pacer pacer = paced({.rate = kKilobyte}, Sharing::one_radio);
  pacer.push(to(1, 0), Bytes(1000), kNow);
  pacer.set(PeerId(1), {.is_cut = true}, kNow + 500ms);
  EXPECT_FALSE(pacer.next());
  // Others have the radio meanwhile.
  pacer.push(to(2, 1), Bytes(1000), kNow + 10s);
  EXPECT_THAT(requests(pacer.release(kNow + 11s)), ElementsAre(1));
  pacer.set(PeerId(1), {.rate = kKilobyte}, kNow + 60s);
  EXPECT_EQ(pacer.next(), kNow + 60s + 500ms);
}

TEST(Pacer, LetsNothingOvertakeWhatLeftBeforeOnTheSameLink) {
  Pacer pacer = paced({.latency = 2s});
  pacer.push(to(1, 0), Bytes(1000), kNow);
  pacer.set(PeerId(1), {.latency = 100ms}, kNow + 1s);
  pacer.push(to(1, 1), Bytes(1000), kNow + 1s);
  EXPECT_THAT(pacer.release(kNow + 1900ms), IsEmpty());
  EXPECT_THAT(requests(pacer.release(kNow + 2s)), ElementsAre(0, 1));
}

}  // namespace
}  // namespace convoy::runtime
