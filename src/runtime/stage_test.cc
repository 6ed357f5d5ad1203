#include "runtime/stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace convoy::runtime {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kEpoch = 7;

engine::SharedTensor number(float value) {
  onnx::Tensor tensor{.type = onnx::ElementType::float32, .data = std::vector<std::byte>(4)};
  std::memcpy(tensor.data.data(), &value, 4);
  return engine::share(std::move(tensor));
}

float number(const engine::SharedTensor& tensor) {
  float value = 0;
  std::memcpy(&value, tensor.data.data(), sizeof value);
  return value;
}

Parcel parcel(std::uint64_t request, std::vector<Item> items, std::uint64_t epoch = kEpoch) {
  return {.epoch = epoch, .request = request, .items = std::move(items)};
}

// Reads values 1 and 2; makes 3 for peers 5 and the coordinator, and 4 for peer 5.
Stage two_in_two_out(std::uint64_t window = 4) {
  Stage stage({.id = StageId(0),
               .inputs = {ValueId(1), ValueId(2)},
               .outputs = {{ValueId(3), {PeerId(5), kCoordinator}}, {ValueId(4), {PeerId(5)}}}});
  stage.start(kEpoch, window);
  return stage;
}

TEST(Stage, ComputesARequestOnceAllItsInputsAreThere) {
  Stage stage = two_in_two_out();
  EXPECT_FALSE(stage.accept(parcel(0, {{ValueId(2), number(20)}})).job);
  const auto step = stage.accept(parcel(0, {{ValueId(1), number(10)}}));
  ASSERT_TRUE(step.job);
  EXPECT_EQ(step.job->request, 0u);
  EXPECT_EQ(number(step.job->inputs[0]), 10);
  EXPECT_EQ(number(step.job->inputs[1]), 20);
}

TEST(Stage, NumbersOfRequestsMayReachTheirEnd) {
  Stage stage = two_in_two_out();
  constexpr std::uint64_t kLast = ~std::uint64_t{0};
  EXPECT_FALSE(stage.accept(parcel(kLast, {{ValueId(1), number(10)}})).job);
  EXPECT_EQ(stage.accept(parcel(3, {{ValueId(1), number(10)}})).dropped, 1u);
  EXPECT_TRUE(stage.accept(parcel(kLast, {{ValueId(2), number(20)}})).job);
}

TEST(Stage, KeepsRequestsApartThatArriveMixed) {
  Stage stage = two_in_two_out();
  EXPECT_FALSE(stage.accept(parcel(0, {{ValueId(1), number(10)}})).job);
  EXPECT_FALSE(stage.accept(parcel(1, {{ValueId(2), number(21)}})).job);
  const auto second = stage.accept(parcel(1, {{ValueId(1), number(11)}}));
  ASSERT_TRUE(second.job);
  EXPECT_EQ(second.job->request, 1u);
  const auto first = stage.accept(parcel(0, {{ValueId(2), number(20)}}));
  ASSERT_TRUE(first.job);
  EXPECT_EQ(number(first.job->inputs[1]), 20);
}

TEST(Stage, SendsEachPeerOneParcelWithAllItReads) {
  Stage stage = two_in_two_out();
  const auto deliveries = stage.finish(kEpoch, 9, {{number(30), number(40)}});
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_EQ(deliveries[0].to, PeerId(5));
  EXPECT_EQ(deliveries[0].parcel.request, 9u);
  ASSERT_THAT(deliveries[0].parcel.items, SizeIs(2));
  EXPECT_EQ(deliveries[0].parcel.items[1].value, ValueId(4));
  EXPECT_EQ(number(deliveries[0].parcel.items[1].tensor), 40);
  EXPECT_EQ(deliveries[1].to, kCoordinator);
  EXPECT_THAT(deliveries[1].parcel.items, SizeIs(1));
}

TEST(Stage, PassesAFailureOnInsteadOfComputingOnceAllInputsCame) {
  Stage stage = two_in_two_out();
  Parcel failed = parcel(0, {{ValueId(1), {}}});
  failed.failure = Error{ErrorKind::input, "device tablet: wrong type"};
  EXPECT_THAT(stage.accept(failed).deliveries, IsEmpty());
  const auto step = stage.accept(parcel(0, {{ValueId(2), number(1)}}));
  EXPECT_FALSE(step.job);
  ASSERT_THAT(step.deliveries, SizeIs(2));
  EXPECT_EQ(step.deliveries[0].parcel.failure, failed.failure);
  EXPECT_EQ(step.deliveries[1].parcel.items[0].value, ValueId(3));
}

TEST(Stage, TurnsAFailedComputationIntoAFailureForAllReaders) {
  Stage stage = two_in_two_out();
  const auto deliveries = stage.finish(kEpoch, 0, fail(ErrorKind::input, "no"));
  ASSERT_THAT(deliveries, SizeIs(2));
  EXPECT_EQ(deliveries[0].parcel.failure->message, "no");
  EXPECT_EQ(deliveries[1].parcel.failure->message, "no");
}

TEST(Stage, DropsWhatIsRepeatedOrOfAnotherEpoch) {
  Stage stage = two_in_two_out();
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(1), number(1)}})).dropped, 0u);
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(1), number(2)}})).dropped, 1u);
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(2), number(2)}}, kEpoch + 1)).dropped, 1u);
  const auto step = stage.accept(parcel(0, {{ValueId(2), number(3)}}));
  ASSERT_TRUE(step.job);
  EXPECT_EQ(number(step.job->inputs[0]), 1);
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(1), number(4)}})).dropped, 1u);
}

TEST(Stage, DoesNotCountValuesThatAreSomebodyElses) {
  Stage stage = two_in_two_out();
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(8), number(1)}}, kEpoch + 1)).dropped, 0u);
}

TEST(Stage, ForgetsRequestsThatMustHaveEnded) {
  Stage stage = two_in_two_out(/*window=*/2);
  EXPECT_FALSE(stage.accept(parcel(0, {{ValueId(1), number(1)}})).job);
  EXPECT_FALSE(stage.accept(parcel(5, {{ValueId(1), number(1)}})).job);
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(2), number(1)}})).dropped, 1u);
  EXPECT_EQ(stage.accept(parcel(3, {{ValueId(2), number(1)}})).dropped, 1u);
  EXPECT_EQ(stage.accept(parcel(4, {{ValueId(2), number(1)}})).dropped, 0u);
}

TEST(Stage, DropsWhatComesOfACancelledRequest) {
  Stage stage = two_in_two_out();
  // Before anything of it came, in between, and when it is being computed.
  stage.cancel(kEpoch, 0);
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(1), number(1)}, {ValueId(2), number(2)}})).dropped, 2u);
  EXPECT_FALSE(stage.accept(parcel(1, {{ValueId(1), number(1)}})).job);
  stage.cancel(kEpoch, 1);
  EXPECT_EQ(stage.accept(parcel(1, {{ValueId(2), number(2)}})).dropped, 1u);
  EXPECT_TRUE(stage.accept(parcel(2, {{ValueId(1), number(1)}, {ValueId(2), number(2)}})).job);
  stage.cancel(kEpoch + 1, 2);
  EXPECT_THAT(stage.finish(kEpoch, 2, {{number(1), number(1)}}), SizeIs(2));
  stage.cancel(kEpoch, 2);
  EXPECT_THAT(stage.finish(kEpoch, 2, {{number(1), number(1)}}), IsEmpty());
}

TEST(Stage, ForgetsEverythingWhenAnEpochBegins) {
  Stage stage = two_in_two_out();
  EXPECT_FALSE(stage.accept(parcel(0, {{ValueId(1), number(1)}})).job);
  stage.start(kEpoch + 1, 4);
  EXPECT_FALSE(stage.accept(parcel(0, {{ValueId(2), number(2)}}, kEpoch + 1)).job);
  EXPECT_TRUE(stage.accept(parcel(0, {{ValueId(1), number(1)}}, kEpoch + 1)).job);
  EXPECT_THAT(stage.finish(kEpoch, 0, {{number(1), number(1)}}), IsEmpty());
}

TEST(Stage, DropsEverythingBeforeItIsStarted) {
  Stage stage({.id = StageId(0), .inputs = {ValueId(1)}, .outputs = {}});
  EXPECT_EQ(stage.accept(parcel(0, {{ValueId(1), number(1)}}, 0)).dropped, 1u);
}

}  // namespace
}  // namespace convoy::runtime
