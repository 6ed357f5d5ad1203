#include "runtime/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::uint64_t kEpoch = 3;
const Coordinator::Time kNow{};

engine::SharedTensor tensor(std::int64_t size) {
  return engine::share({.type = onnx::ElementType::uint8,
                        .dims = {size},
                        .data = std::vector<std::byte>(static_cast<std::size_t>(size))});
}

// Inputs 0 (for peers 1 and 2) and 1 (for peer 2), outputs 8 and 9.
Coordinator two_in_two_out(std::uint64_t window = 3) {
  return Coordinator({.inputs = {{ValueId(0), {PeerId(1), PeerId(2)}}, {ValueId(1), {PeerId(2)}}},
                      .triggers = {{ValueId(5), {PeerId(1)}}},
                      .outputs = {ValueId(8), ValueId(9)},
                      .window = window,
                      .epoch = kEpoch},
                     10s);
}

Parcel both_outputs(std::uint64_t request) {
  return {.epoch = kEpoch,
          .request = request,
          .items = {{ValueId(9), tensor(9)}, {ValueId(8), tensor(8)}}};
}

TEST(Coordinator, SendsInputsToThoseWhoReadThemInOneParcelEach) {
  Coordinator coordinator = two_in_two_out();
  const auto submitted = coordinator.submit({tensor(10), tensor(11)}, kNow);
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->request, 0u);
  ASSERT_THAT(submitted->deliveries, SizeIs(2));
  EXPECT_EQ(submitted->deliveries[0].to, PeerId(1));
  ASSERT_THAT(submitted->deliveries[0].parcel.items, SizeIs(2));
  EXPECT_EQ(submitted->deliveries[0].parcel.items[1].value, ValueId(5));  // the trigger
  EXPECT_EQ(submitted->deliveries[1].to, PeerId(2));
  EXPECT_EQ(submitted->deliveries[1].parcel.items[1].tensor.data.size(), 11u);
}

TEST(Coordinator, TakesMissingInputsForLeftOutAndRefusesTooMany) {
  Coordinator coordinator = two_in_two_out();
  const auto submitted = coordinator.submit({tensor(10)}, kNow);
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->deliveries[1].parcel.items[1].tensor.type, onnx::ElementType::undefined);
  const auto refused = coordinator.submit({tensor(1), tensor(2), tensor(3)}, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "3 inputs were given, but the model has 2");
}

TEST(Coordinator, AnswersInTheOrderOfSubmissionWhateverComesFirst) {
  Coordinator coordinator = two_in_two_out();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(coordinator.submit({}, kNow));
  EXPECT_TRUE(coordinator.full());
  EXPECT_EQ(coordinator.accept(both_outputs(2), kNow), 0u);
  EXPECT_EQ(coordinator.accept(both_outputs(1), kNow), 0u);
  EXPECT_FALSE(coordinator.next());
  EXPECT_TRUE(coordinator.full());
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow + 2s), 0u);
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto answer = coordinator.next();
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->request, i);
    EXPECT_EQ((*answer)->outputs[0].data.size(), 8u);
    EXPECT_EQ((*answer)->outputs[1].data.size(), 9u);
    EXPECT_EQ((*answer)->latency, i == 0 ? 2s : 0s);
  }
  EXPECT_FALSE(coordinator.next());
}

TEST(Coordinator, WaitsForEveryOutput) {
  Coordinator coordinator = two_in_two_out();
  ASSERT_TRUE(coordinator.submit({}, kNow));
  coordinator.accept({.epoch = kEpoch, .items = {{ValueId(9), tensor(1)}}}, kNow);
  EXPECT_FALSE(coordinator.next());
  coordinator.accept({.epoch = kEpoch, .items = {{ValueId(8), tensor(1)}}}, kNow);
  EXPECT_TRUE(coordinator.next());
}

TEST(Coordinator, GivesAFailureInItsPlaceAndGoesOn) {
  Coordinator coordinator = two_in_two_out();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(coordinator.submit({}, kNow));
  Parcel failed = both_outputs(0);
  failed.failure = Error{ErrorKind::input, "device tablet: wrong type"};
  coordinator.accept(both_outputs(1), kNow);
  coordinator.accept(failed, kNow);
  const auto first = coordinator.next();
  ASSERT_TRUE(first && !*first);
  EXPECT_EQ(first->error().kind, ErrorKind::input);
  EXPECT_EQ(first->error().message, "request 0: device tablet: wrong type");
  const auto second = coordinator.next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->request, 1u);
}

TEST(Coordinator, GivesNoAnswerToWhatIsForgottenAndSaysWhatNobodyNeeds) {
  Coordinator coordinator = two_in_two_out();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(coordinator.submit({}, kNow));
  coordinator.accept(both_outputs(1), kNow);
  EXPECT_EQ(coordinator.forget(), (std::vector<std::uint64_t>{0, 2}));
  EXPECT_FALSE(coordinator.next());
  EXPECT_FALSE(coordinator.full());
  EXPECT_EQ(coordinator.submit({}, kNow)->request, 3u);
  EXPECT_EQ(coordinator.accept(both_outputs(2), kNow), 2u);
  coordinator.accept(both_outputs(3), kNow);
  const auto answer = coordinator.next();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->request, 3u);
}

TEST(Coordinator, DropsWhatIsRepeatedUnknownOrOfAnotherEpoch) {
  Coordinator coordinator = two_in_two_out();
  ASSERT_TRUE(coordinator.submit({}, kNow));
  EXPECT_EQ(coordinator.accept({.epoch = kEpoch, .items = {{ValueId(7), tensor(1)}}}, kNow), 1u);
  Parcel old = both_outputs(0);
  old.epoch = kEpoch - 1;
  EXPECT_EQ(coordinator.accept(old, kNow), 2u);
  EXPECT_EQ(coordinator.accept(both_outputs(1), kNow), 2u);  // not submitted
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow), 0u);
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow), 2u);
  ASSERT_TRUE(coordinator.next());
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow), 2u);
  EXPECT_FALSE(coordinator.next());
}

TEST(Coordinator, EndsARequestThatIsOverdueInItsPlace) {
  Coordinator coordinator = two_in_two_out();
  EXPECT_FALSE(coordinator.deadline());
  ASSERT_TRUE(coordinator.submit({}, kNow));
  ASSERT_TRUE(coordinator.submit({}, kNow + 1s));
  EXPECT_EQ(coordinator.deadline(), kNow + 10s);
  EXPECT_THAT(coordinator.expire(kNow + 10s, "late"), SizeIs(0));
  EXPECT_EQ(coordinator.expire(kNow + 11s, "late"), (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(coordinator.deadline(), kNow + 11s);
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow + 11s), 2u);
  coordinator.accept(both_outputs(1), kNow + 11s);
  const auto first = coordinator.next();
  ASSERT_TRUE(first && !*first);
  EXPECT_EQ(first->error(), (Error{ErrorKind::lost, "request 0: late"}));
  const auto second = coordinator.next();
  EXPECT_TRUE(second && *second);
}

TEST(Coordinator, SendsWhatHasNoAnswerAgainUnderTheNextPlan) {
  Coordinator coordinator = two_in_two_out();
  for (std::int64_t i = 0; i < 3; ++i) ASSERT_TRUE(coordinator.submit({tensor(i + 1)}, kNow));
  coordinator.accept(both_outputs(1), kNow);
  coordinator.accept({.epoch = kEpoch, .request = 2, .items = {{ValueId(9), tensor(1)}}}, kNow);
  coordinator.suspend();
  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow), 2u);

  // One peer reads both inputs, and values have other numbers.
  const auto again = coordinator.resume({.inputs = {{ValueId(0), {PeerId(1)}}, {ValueId(1), {PeerId(1)}}},
                                         .outputs = {ValueId(3), ValueId(4)},
                                         .window = 2,
                                         .epoch = kEpoch + 1});
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].parcel.request, 0u);
  EXPECT_EQ(again[1].parcel.request, 2u);
  EXPECT_EQ(again[1].parcel.epoch, kEpoch + 1);
  ASSERT_THAT(again[1].parcel.items, SizeIs(2));
  EXPECT_EQ(again[1].parcel.items[0].tensor.data.size(), 3u);
  EXPECT_TRUE(coordinator.full());

  EXPECT_EQ(coordinator.accept(both_outputs(0), kNow), 2u);  // of the old one
  for (const std::uint64_t request : {2, 0}) {
    EXPECT_EQ(coordinator.accept({.epoch = kEpoch + 1,
                                  .request = request,
                                  .items = {{ValueId(3), tensor(8)}, {ValueId(4), tensor(9)}}},
                                 kNow),
              0u);
  }
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto answer = coordinator.next();
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->request, i);
    EXPECT_EQ((*answer)->outputs[0].data.size(), 8u);
  }
}

}  // namespace
}  // namespace convoy::runtime
