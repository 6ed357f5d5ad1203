#include "runtime/intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr StageId kFirst{0};
constexpr StageId kSecond{1};

std::pair<const std::string, Flow::Receipt> receipt(const char* route, std::int64_t received,
                                                    std::int64_t consumed) {
  return {route, {Bytes(received), Bytes(consumed)}};
}

TEST(Intake, ConsumesAParcelWhenAllStagesThatKeepItHaveComputed) {
  Intake intake;
  intake.start(4);
  intake.take("a", Bytes(10), 0, {kFirst, kSecond});
  intake.take("b", Bytes(7), 0, {kSecond});
  EXPECT_THAT(intake.take_receipts(),
              UnorderedElementsAre(receipt("a", 10, 0), receipt("b", 7, 0)));
  EXPECT_THAT(intake.take_receipts(), IsEmpty());
  intake.end(0, kFirst);
  EXPECT_THAT(intake.take_receipts(), IsEmpty());
  intake.end(1, kSecond);
  EXPECT_THAT(intake.take_receipts(), IsEmpty());
  intake.end(0, kSecond);
  EXPECT_THAT(intake.take_receipts(),
              UnorderedElementsAre(receipt("a", 10, 10), receipt("b", 7, 7)));
}

TEST(Intake, ConsumesAtOnceWhatNobodyKeeps) {
  Intake intake;
  intake.take("a", Bytes(10), 0, {});
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 10, 10)));
}

TEST(Intake, ConsumesWhatEndsOtherwise) {
  Intake intake;
  intake.start(4);
  for (std::uint64_t request = 0; request < 4; ++request) {
    intake.take("a", Bytes(10), request, {kFirst});
    intake.see(request);
  }
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 40, 0)));
  intake.end(2);  // cancelled
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 40, 10)));
  intake.see(4);  // so 0 has ended
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 40, 20)));
  intake.start(4);
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 40, 40)));
}

TEST(Intake, RepeatsReceiptsOfWhatIsKept) {
  Intake intake;
  intake.start(4);
  intake.take("a", Bytes(10), 0, {kFirst});
  intake.take("b", Bytes(7), 0, {});
  EXPECT_EQ(intake.take_receipts().size(), 2U);
  intake.remind();
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 10, 0)));
}

TEST(Intake, CountsAnewOnNewConnections) {
  Intake intake;
  intake.start(4);
  intake.take("a", Bytes(10), 0, {kFirst});
  intake.clear();
  EXPECT_THAT(intake.take_receipts(), IsEmpty());
  intake.take("a", Bytes(1), 0, {kFirst});
  EXPECT_THAT(intake.take_receipts(), UnorderedElementsAre(receipt("a", 1, 0)));
}

}  // namespace
}  // namespace convoy::runtime
