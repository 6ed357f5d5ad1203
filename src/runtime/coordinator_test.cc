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
                      .request_timeout = 10s,
                      .epoch = kEpoch});
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

TEST(Coordinator, GivesNoAnswerToWhatIsForgottenButKeepsItsPlaceUntilItIsComplete) {
  Coordinator coordinator = two_in_two_out();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(coordinator.submit({}, kNow));
  coordinator.accept(both_outputs(0), kNow);
  coordinator.forget();
  ASSERT_TRUE(coordinator.submit({}, kNow));
  EXPECT_TRUE(coordinator.full());
  coordinator.accept(both_outputs(2), kNow);
  EXPECT_FALSE(coordinator.next());
  coordinator.accept(both_outputs(1), kNow);
  const auto answer = coordinator.next();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->request, 2u);
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

TEST(Coordinator, TellsTheOldestRequestThatIsOverdue) {
  Coordinator coordinator = two_in_two_out();
  ASSERT_TRUE(coordinator.submit({}, kNow));
  ASSERT_TRUE(coordinator.submit({}, kNow + 1s));
  EXPECT_FALSE(coordinator.overdue(kNow + 10s));
  EXPECT_EQ(coordinator.overdue(kNow + 11s), 0u);
  coordinator.accept(both_outputs(0), kNow + 11s);
  EXPECT_FALSE(coordinator.overdue(kNow + 11s));
  EXPECT_EQ(coordinator.overdue(kNow + 12s), 1u);
}

}  // namespace
}  // namespace convoy::runtime
