#include "plan/reduced.h"

#include <gtest/gtest.h>

#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

TEST(ReducedTest, LeavesDevicesOutAndCallsThoseOfAPlacementAsBefore) {
  ProblemBuilder builder;
  builder.device("a").device("b").device("c").links(10);
  builder.returns(builder.node({1, 2, 3}, {builder.input(8)}, 8));
  ById<DeviceId, bool> present(3, true);
  present[DeviceId(0)] = false;
  const Reduced left = reduced(builder.problem().graph, builder.problem().fleet, present);
  ASSERT_EQ(left.problem.fleet.devices.size(), 2u);
  EXPECT_EQ(left.problem.fleet.devices[DeviceId(1)].name, "c");
  EXPECT_EQ(left.problem.graph.compute[DeviceId(1)][NodeId(0)], Seconds(3));
  const Placement placement = {{.device = DeviceId(1),
                                .nodes = {NodeId(0)},
                                .turns = 1,
                                .replicas = {{.device = DeviceId(0), .turns = 2}}}};
  const Placement restored = left.restored(placement);
  EXPECT_EQ(restored[0].device, DeviceId(2));
  EXPECT_EQ(restored[0].replicas[0].device, DeviceId(1));
  EXPECT_EQ(restored[0].replicas[0].turns, 2);
}

}  // namespace
}  // namespace convoy::plan
