#include "foundation/id.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace convoy {
namespace {

static_assert(!std::is_convertible_v<NodeId, DeviceId>, "a node's number is no device's");
static_assert(!std::is_convertible_v<std::size_t, NodeId>, "nor is any number");
static_assert(!std::is_invocable_v<decltype([](auto& list, auto id) -> decltype(list[id]) {
                return list[id];
              }),
                                   ById<NodeId, int>&, DeviceId>);

TEST(IdTest, ComparesByPosition) {
  EXPECT_LT(NodeId(1), NodeId(2));
  EXPECT_EQ(NodeId(3), NodeId(3));
  EXPECT_EQ(NodeId(), NodeId(0));
  EXPECT_EQ(std::hash<NodeId>()(NodeId(7)), 7u);
}

TEST(ByIdTest, GivesIdsInOrder) {
  ById<NodeId, int> numbers = {10, 20};
  EXPECT_EQ(numbers.push_back(30), NodeId(2));
  EXPECT_EQ(numbers[NodeId(2)], 30);
  EXPECT_THAT(numbers, testing::ElementsAre(10, 20, 30));
  std::vector<NodeId> ids;
  for (const NodeId id : numbers.ids()) ids.push_back(id);
  EXPECT_THAT(ids, testing::ElementsAre(NodeId(0), NodeId(1), NodeId(2)));
}

TEST(ByIdTest, StartsWithOneValueForAll) {
  const ById<DeviceId, int> numbers(3, 5);
  EXPECT_THAT(numbers, testing::ElementsAre(5, 5, 5));
  EXPECT_TRUE((ById<DeviceId, int>().empty()));
}

}  // namespace
}  // namespace convoy
