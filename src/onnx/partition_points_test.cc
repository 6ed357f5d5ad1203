#include "onnx/partition_points.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph two_branches() {
  // Nodes: a 0, b 1, c 2, d 3, y 4.
  return index_graph(named(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) b = Abs(a) c = Neg(a) d = Add(b, c) y = Add(d, x) }"),
      {"na", "nb", "nc", "nd", "ny"})).value();
}

std::vector<std::size_t> parts(const Graph& graph, const std::vector<PartitionPoint>& points) {
  const Result<Partition> partition = partition_by_points(graph, points);
  if (!partition) throw std::invalid_argument(partition.error().message);
  std::vector<std::size_t> result;
  for (const PartId part : partition->part_of) result.push_back(part.index());
  return result;
}

std::string error_of(const Graph& graph, const std::vector<PartitionPoint>& points) {
  const Result<Partition> partition = partition_by_points(graph, points);
  return partition ? "partitioned without error" : partition.error().message;
}

TEST(PartitionPoints, APartIsWhatLiesBetweenInputsAndOutputs) {
  EXPECT_THAT(parts(two_branches(), {{{"x"}, {"a"}}, {{"a", "x"}, {"y"}}}),
              ElementsAre(0, 1, 1, 1, 1));
  EXPECT_THAT(parts(two_branches(), {{{"x"}, {"b", "c"}}, {{"b", "c"}, {"d"}}, {{"d", "x"}, {"y"}}}),
              ElementsAre(0, 0, 0, 1, 2));
}

TEST(PartitionPoints, ANodeThatTwoPointsReachGoesToTheFirst) {
  EXPECT_THAT(parts(two_branches(), {{{"x"}, {"a", "b"}}, {{"a", "b", "x"}, {"b", "y"}}}),
              ElementsAre(0, 0, 1, 1, 1));
}

TEST(PartitionPoints, AMissingInputIsNamed) {
  EXPECT_THAT(error_of(two_branches(), {{{"x"}, {"b"}}, {{"b", "x"}, {"y"}}}),
              HasSubstr("partition point 2: \"nc\" (Neg) needs \"a\" from partition point 1; add it"));
  EXPECT_THAT(error_of(two_branches(), {{{"x"}, {"a"}}, {{"a"}, {"y"}}}),
              HasSubstr("partition point 2: \"ny\" (Add) needs the model's input \"x\"; add it"));
}

TEST(PartitionPoints, NodesThatNoPointCoversAreNamed) {
  EXPECT_THAT(error_of(two_branches(), {{{"x"}, {"a"}}, {{"d", "x"}, {"y"}}}),
              HasSubstr("no partition point covers \"nb\" (Abs), \"nc\" (Neg), \"nd\" (Add)"));
}

TEST(PartitionPoints, NodesWhoseResultsNobodyNeedsMayBeUncovered) {
  const Graph graph = index_graph(parse_graph(
      "g (float[2] x) => (float[2] y) { a = Neg(x) y = Abs(a) dead = Neg(y) }")).value();
  EXPECT_THAT(parts(graph, {{{"x"}, {"a"}}, {{"a"}, {"y"}}}), ElementsAre(0, 1, 0));
}

TEST(PartitionPoints, WrongPointsAreRefused) {
  const Graph graph = two_branches();
  EXPECT_THAT(error_of(graph, {}), HasSubstr("there are no partition points"));
  EXPECT_THAT(error_of(graph, {{{"x"}, {}}}), HasSubstr("partition point 1: it has no outputs"));
  EXPECT_THAT(error_of(graph, {{{"x"}, {"aa"}}}),
              HasSubstr("partition point 1: the model has no value \"aa\""));
  EXPECT_THAT(error_of(graph, {{{"xx"}, {"a"}}}),
              HasSubstr("no value \"xx\"; did you mean \"x\"?"));
  EXPECT_THAT(error_of(graph, {{{"x"}, {"y"}}, {{"x"}, {"a"}}}),
              HasSubstr("partition point 2: no node lies between"));
  EXPECT_THAT(error_of(graph, {{{"a", "x"}, {"y"}}, {{"x"}, {"a"}}}),
              HasSubstr("partition point 1 reads \"a\" from partition point 2, which comes later"));
}

TEST(PartitionOfNodes, TakesEveryPlacedNodeOnce) {
  const Graph graph = two_branches();
  using Lists = std::vector<std::vector<std::string>>;
  EXPECT_EQ(partition_of_nodes(graph, Lists{{"na", "nb"}, {"nc", "nd", "ny"}})->part_of[NodeId(2)],
            PartId(1));
  const auto error = [&](const Lists& lists) {
    const Result<Partition> partition = partition_of_nodes(graph, lists);
    return partition ? "partitioned without error" : partition.error().message;
  };
  EXPECT_THAT(error({{"na", "nn"}}), HasSubstr("no node \"nn\""));
  EXPECT_THAT(error({{"na"}, {"na"}}), HasSubstr("\"na\" is given twice"));
  EXPECT_THAT(error({{"na", "nb", "nc", "nd"}}), HasSubstr("no part has \"ny\" (Add)"));
}

}  // namespace
}  // namespace convoy::onnx
