#include "runtime/flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "runtime/intake.h"

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = Flow::Verdict;

const Flow::Time kNow{1h};

Packet packet(std::uint64_t request, std::size_t bytes) {
  Packet made{.to = PeerId(1), .request = request};
  made.parts.emplace_back(bytes);
  return made;
}

// The requests that leave.
std::vector<std::uint64_t> leave(Flow& flow, Flow::Time now = kNow) {
  std::vector<std::uint64_t> requests;
  for (const Packet& each : flow.release(now)) requests.push_back(each.request);
  return requests;
}

Verdict tell(Flow& flow, std::int64_t received, std::int64_t consumed, Flow::Time now = kNow) {
  return flow.take({Bytes(received), Bytes(consumed)}, now);
}

TEST(Flow, SendsAsMuchAsItsCredit) {
  Flow flow(Bytes(100));
  flow.push(packet(0, 60));
  flow.push(packet(1, 40));
  flow.push(packet(2, 1));
  EXPECT_THAT(leave(flow), ElementsAre(0, 1));
  EXPECT_EQ(flow.outstanding(), Bytes(100));
  EXPECT_EQ(flow.held(), Bytes(1));
  EXPECT_EQ(flow.oldest_held(), 2U);
  EXPECT_EQ(tell(flow, 100, 0), Verdict::fine);
  EXPECT_THAT(leave(flow), IsEmpty());
  EXPECT_EQ(tell(flow, 100, 60), Verdict::fine);
  EXPECT_THAT(leave(flow), ElementsAre(2));
  EXPECT_EQ(flow.outstanding(), Bytes(41));
}

TEST(Flow, SendsAPacketBeyondTheCreditAlone) {
  Flow flow(Bytes(100));
  flow.push(packet(0, 1000));
  flow.push(packet(1, 1));
  EXPECT_THAT(leave(flow), ElementsAre(0));
  EXPECT_EQ(tell(flow, 1000, 1000), Verdict::fine);
  EXPECT_THAT(leave(flow), ElementsAre(1));
}

TEST(Flow, LetsTheOldestRequestPass) {
  Flow flow(Bytes(100));
  flow.push(packet(8, 100));
  EXPECT_THAT(leave(flow), ElementsAre(8));
  flow.push(packet(9, 100));
  flow.push(packet(8, 100));  // of another stage
  flow.push(packet(7, 100));
  EXPECT_THAT(leave(flow), ElementsAre(7));
  EXPECT_EQ(tell(flow, 200, 100), Verdict::fine);  // of 7
  EXPECT_THAT(leave(flow), ElementsAre(8));
  EXPECT_EQ(flow.oldest_held(), 9U);
}

TEST(Flow, TakesTheOldestToBeConsumedFirst) {
  Flow flow(Bytes(20));
  flow.push(packet(5, 10));
  flow.push(packet(7, 10));
  EXPECT_THAT(leave(flow), ElementsAre(5, 7));
  EXPECT_EQ(tell(flow, 20, 10), Verdict::fine);  // it may have been 7
  flow.push(packet(6, 20));
  EXPECT_THAT(leave(flow), ElementsAre(6));
}

TEST(Flow, NeedsNoReceiptButTheLast) {
  Flow flow(Bytes(30));
  for (std::uint64_t request = 0; request < 6; ++request) flow.push(packet(request, 10));
  EXPECT_THAT(leave(flow), ElementsAre(0, 1, 2));
  EXPECT_EQ(tell(flow, 30, 30), Verdict::fine);
  EXPECT_THAT(leave(flow), ElementsAre(3, 4, 5));
}

TEST(Flow, BelievesNoReceiptThatCannotBe) {
  Flow flow(Bytes(30));
  for (std::uint64_t request = 0; request < 6; ++request) flow.push(packet(request, 10));
  EXPECT_EQ(tell(flow, 10, 0), Verdict::impossible);  // nothing was sent
  EXPECT_THAT(leave(flow), ElementsAre(0, 1, 2));
  EXPECT_EQ(tell(flow, 31, 0), Verdict::impossible);
  EXPECT_EQ(tell(flow, 10, 20), Verdict::impossible);
  EXPECT_EQ(flow.take(from_wire([] {
                        wire::DataHeader most;
                        most.set_received_bytes(~std::uint64_t{0});
                        return most;
                      }()),
                      kNow),
            Verdict::impossible);
  EXPECT_EQ(flow.outstanding(), Bytes(30));
  EXPECT_EQ(tell(flow, 20, 10), Verdict::fine);
  EXPECT_THAT(leave(flow), ElementsAre(3));
  EXPECT_EQ(tell(flow, 20, 10), Verdict::fine);  // again: nothing happens
  EXPECT_EQ(tell(flow, 10, 10), Verdict::old);
  EXPECT_EQ(tell(flow, 30, 0), Verdict::old);
  EXPECT_EQ(tell(flow, -1, -1), Verdict::old);
  EXPECT_THAT(leave(flow), IsEmpty());
  EXPECT_EQ(flow.outstanding(), Bytes(30));
}

TEST(Flow, ForgetsWhatNobodyWants) {
  Flow flow(Bytes(10));
  for (std::uint64_t request = 0; request < 4; ++request) flow.push(packet(request, 10));
  EXPECT_THAT(leave(flow), ElementsAre(0));
  flow.forget(2);
  EXPECT_EQ(flow.held(), Bytes(20));
  EXPECT_EQ(tell(flow, 10, 10), Verdict::fine);
  EXPECT_THAT(leave(flow), ElementsAre(1));
  flow.forget();
  EXPECT_EQ(flow.held(), Bytes(0));
  EXPECT_EQ(flow.oldest_held(), std::nullopt);
  EXPECT_EQ(flow.outstanding(), Bytes(10));
}

TEST(Flow, StallsAfterAMinuteOnALinkThatHasShownNothing) {
  Flow flow(Bytes(100));
  EXPECT_FALSE(flow.is_stalled(kNow));
  flow.push(packet(0, 10));
  EXPECT_THAT(leave(flow), ElementsAre(0));
  EXPECT_FALSE(flow.is_stalled(kNow + 60s));
  EXPECT_TRUE(flow.is_stalled(kNow + 61s));
}

TEST(Flow, StallsAfterTenTimesWhatTheLinkShouldTake) {
  Flow flow(Bytes(10'000));
  flow.push(packet(0, 1000));
  EXPECT_THAT(leave(flow), ElementsAre(0));
  EXPECT_EQ(tell(flow, 1000, 1000, kNow + 1s), Verdict::fine);  // 1000 bytes a second
  EXPECT_FALSE(flow.is_stalled(kNow + 1h));                     // nothing is outstanding
  flow.push(packet(1, 200));
  EXPECT_THAT(leave(flow, kNow + 100s), ElementsAre(1));
  EXPECT_FALSE(flow.is_stalled(kNow + 105s));
  EXPECT_TRUE(flow.is_stalled(kNow + 106s));
  flow.push(packet(2, 1800));
  EXPECT_THAT(leave(flow, kNow + 100s), ElementsAre(2));
  EXPECT_FALSE(flow.is_stalled(kNow + 120s));
  EXPECT_TRUE(flow.is_stalled(kNow + 121s));
}

TEST(Flow, DoesNotTakeASlowConsumerForAStall) {
  Flow flow(Bytes(100));
  flow.push(packet(0, 10));
  EXPECT_THAT(leave(flow), ElementsAre(0));
  EXPECT_EQ(tell(flow, 10, 0, kNow + 1ms), Verdict::fine);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(tell(flow, 10, 0, kNow + i * 4s), Verdict::fine);
    EXPECT_FALSE(flow.is_stalled(kNow + i * 4s + 5s));
    EXPECT_TRUE(flow.is_stalled(kNow + i * 4s + 6s));  // not even that is repeated
  }
  // What is on the way must arrive, whatever else is told.
  flow.push(packet(1, 10));
  EXPECT_THAT(leave(flow, kNow + 400s), ElementsAre(1));
  EXPECT_EQ(tell(flow, 10, 0, kNow + 404s), Verdict::fine);
  EXPECT_FALSE(flow.is_stalled(kNow + 405s));
  EXPECT_TRUE(flow.is_stalled(kNow + 406s));
}

// As in the header, but byte by byte: what is outstanding is a list of the bytes' requests.
class Reference {
 public:
  explicit Reference(std::size_t credit) : credit_(credit) {}
  void push(std::uint64_t request, std::size_t bytes) { held_.emplace(request, bytes); }
  std::vector<std::uint64_t> leave() {
    std::vector<std::uint64_t> requests;
    while (!held_.empty()) {
      const auto [request, bytes] = *held_.begin();
      if (!outstanding_.empty() && outstanding_.size() + bytes > credit_ &&
          request > *outstanding_.begin()) {
        break;
      }
      requests.push_back(request);
      for (std::size_t i = 0; i < bytes; ++i) outstanding_.insert(request);
      held_.erase(held_.begin());
    }
    return requests;
  }
  void consume(std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) outstanding_.erase(outstanding_.begin());
  }
  [[nodiscard]] std::size_t outstanding() const { return outstanding_.size(); }

 private:
  std::size_t credit_;
  std::multimap<std::uint64_t, std::size_t> held_;
  std::multiset<std::uint64_t> outstanding_;
};

TEST(Flow, DoesAsTheReferenceWhateverComes) {
  std::mt19937_64 random(1);
  for (int run = 0; run < 300; ++run) {
    const std::size_t credit = 1 + random() % 40;
    Flow flow{Bytes(static_cast<std::int64_t>(credit))};
    Reference reference(credit);
    std::int64_t sent = 0;
    std::int64_t received = 0;
    std::int64_t consumed = 0;
    std::map<std::uint64_t, std::size_t> sizes;  // one packet a request
    for (int step = 0; step < 200; ++step) {
      const std::uint64_t request = static_cast<std::uint64_t>(step) / 4 + random() % 9;
      switch (random() % 4) {
        case 0:
        case 1:
          if (const auto [size, is_new] = sizes.emplace(request, 1 + random() % 20); is_new) {
            flow.push(packet(request, size->second));
            reference.push(request, size->second);
          }
          break;
        case 2:
          received += static_cast<std::int64_t>(random() % (sent - received + 1));
          EXPECT_EQ(tell(flow, received, consumed), Verdict::fine);
          break;
        default: {
          const auto more = static_cast<std::int64_t>(random() % (received - consumed + 1));
          consumed += more;
          EXPECT_EQ(tell(flow, received, consumed), Verdict::fine);
          reference.consume(static_cast<std::size_t>(more));
          if (more > 0) {
            EXPECT_EQ(tell(flow, received, consumed - 1), Verdict::old);
          }
          EXPECT_EQ(tell(flow, sent + 1, consumed), Verdict::impossible);
        }
      }
      const auto left = leave(flow);
      ASSERT_EQ(left, reference.leave()) << "run " << run << ", step " << step;
      for (const std::uint64_t each : left) sent += static_cast<std::int64_t>(sizes.at(each));
      ASSERT_EQ(static_cast<std::size_t>(flow.outstanding().value()), reference.outstanding());
    }
  }
}

// Each brings a part of every request, in an order of its own and with little credit.
TEST(Flow, LinksThatFeedOneStageDoNotWaitForEachOther) {
  constexpr std::uint64_t kRequests = 40;
  std::mt19937_64 random(2);
  for (int run = 0; run < 300; ++run) {
    const std::size_t links = 2 + random() % 3;
    const std::uint64_t window = 2 + random() % 8;
    std::deque<Flow> flows;
    std::vector<Intake> intakes(links);
    std::vector<std::vector<std::uint64_t>> orders(links);
    for (std::size_t link = 0; link < links; ++link) {
      flows.emplace_back(Bytes(10));
      intakes[link].start(kRequests);
      for (std::uint64_t first = 0; first < kRequests; first += window) {
        std::vector<std::uint64_t> part;
        for (std::uint64_t i = first; i < std::min(kRequests, first + window); ++i)
          part.push_back(i);
        std::ranges::shuffle(part, random);
        orders[link].insert(orders[link].end(), part.begin(), part.end());
      }
    }
    std::map<std::uint64_t, std::size_t> parts;
    std::size_t complete = 0;
    // Nothing is on the way at the end of a round, so that a round without progress is the end.
    for (std::size_t round = 0; round < links * kRequests; ++round) {
      for (std::size_t link = 0; link < links; ++link) {
        if (round < kRequests) flows[link].push(packet(orders[link][round], 1 + random() % 12));
        for (const Packet& arrived : flows[link].release(kNow)) {
          intakes[link].take("", bytes_of(arrived.parts), arrived.request, {StageId(0)});
          if (++parts[arrived.request] < links) continue;
          ++complete;
          for (Intake& intake : intakes) intake.end(arrived.request, StageId(0));
        }
        for (std::size_t other = 0; other < links; ++other) {
          for (const auto& [route, receipt] : intakes[other].take_receipts()) {
            ASSERT_EQ(flows[other].take(receipt, kNow), Verdict::fine);
          }
        }
      }
    }
    ASSERT_EQ(complete, kRequests) << "run " << run;
  }
}

}  // namespace
}  // namespace convoy::runtime
