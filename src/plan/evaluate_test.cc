#include "plan/evaluate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/one_request.h"
#include "plan/problem_test.h"

namespace convoy::plan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// n0 -> n1 -> n2, n0's result also read by n2; on devices a, b, c. Values of 100, 20, 30 and 40
// bytes, links of 10 bytes a second.
class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    builder.device("a").device("b").device("c").links(10);
    x = builder.input(100);
    w = builder.weight(1000);
    shared = builder.weight(500);
    v0 = builder.node({1, 2, 4}, {x}, 20, {w, shared}, 7);
    v1 = builder.node({1, 2, 4}, {v0}, 30);
    v2 = builder.node({1, 2, 4}, {v1, v0}, 40, {shared});
    builder.returns(v2);
  }
  Figures figures(const std::vector<Stretch>& runs) {
    return evaluate(builder.problem().graph, builder.problem().fleet, placement_of(runs));
  }
  void contention(fleet::Contention kind) { builder.problem().fleet.contention = kind; }

  ProblemBuilder builder;
  ValueId x, v0, v1, v2;
  WeightId w, shared;
  const std::vector<Stretch> one_each = {{0, 0, 1}, {1, 1, 2}, {2, 2, 3}};
};

TEST_F(EvaluateTest, OneStageCostsItsComputeAndNothingCrosses) {
  const Figures all_on_b = figures({{1, 0, 3}});
  EXPECT_EQ(all_on_b.period, Seconds(6));
  EXPECT_EQ(all_on_b.latency, Seconds(6));
  EXPECT_EQ(all_on_b.stages[0].sent, Bytes(0));
  EXPECT_THAT(all_on_b.stages[0].inputs, ElementsAre(x));
  EXPECT_THAT(all_on_b.stages[0].outputs, ElementsAre(v2));
}

TEST_F(EvaluateTest, AValueCrossesOnceToEachDeviceThatReadsIt) {
  const Figures split = figures(one_each);
  EXPECT_EQ(split.stages[0].sent, Bytes(40));  // 20 to b, 20 to c
  EXPECT_EQ(split.stages[0].send, Seconds(4));
  EXPECT_EQ(split.stages[1].sent, Bytes(30));
  EXPECT_EQ(split.stages[2].sent, Bytes(0));
  EXPECT_THAT(split.stages[2].inputs, ElementsAre(v0, v1));

  const Figures together = figures({{0, 0, 1}, {1, 1, 2}, {1, 2, 3}});
  EXPECT_EQ(together.stages[0].sent, Bytes(20));  // both readers are on b
  EXPECT_EQ(together.stages[1].sent, Bytes(0));
}

TEST_F(EvaluateTest, PeriodIsTheSlowestDeviceOrTheBusiestLink) {
  EXPECT_EQ(figures(one_each).period, Seconds(4));  // c's compute
  builder.links(5);
  EXPECT_EQ(figures(one_each).period, Seconds(6));  // 30 bytes from b to c
}

TEST_F(EvaluateTest, ARadioCarriesAllThatItsDeviceSendsAndReceives) {
  contention(fleet::Contention::radio);
  // a sends 20 + 20, b receives 20 and sends 30, c receives 20 + 30: c and b at 5 s.
  EXPECT_EQ(figures(one_each).period, Seconds(5));
}

TEST_F(EvaluateTest, AMediumCarriesAllTransfers) {
  contention(fleet::Contention::medium);
  EXPECT_EQ(figures(one_each).period, Seconds(7));
}

TEST_F(EvaluateTest, AStageAddsItsOverheadEachTimeADeviceIsUsed) {
  builder.problem().graph.stage_overhead[DeviceId(0)] = Seconds(0.5);
  EXPECT_EQ(figures({{0, 0, 1}, {0, 1, 3}}).period, Seconds(4));
}

TEST_F(EvaluateTest, LatencyFollowsOneRequestAlongThePipeline) {
  builder.links(10, 0.25);
  // a ends at 1; b's 20 bytes are there at 3.25, b ends at 5.25, its 30 bytes reach c at 8.5.
  EXPECT_EQ(figures(one_each).latency, Seconds(12.5));
  // On one medium c's 20 bytes follow b's, from 3 to 5; b's result waits for the medium until 5.25.
  contention(fleet::Contention::medium);
  EXPECT_EQ(figures(one_each).latency, Seconds(12.5));
  // Where a's message to c takes longer than b's work, b's result has to wait for it.
  builder.problem().fleet.links[DeviceId(0)][DeviceId(2)].bandwidth = BytesPerSecond(4);
  EXPECT_EQ(figures(one_each).latency, Seconds(3 + 5 + 3 + 0.25 + 4));
}

TEST_F(EvaluateTest, TheCriticalPathIsWhatTheLatencyIsMadeOf) {
  builder.links(10, 0.25);
  const auto path = [&](const std::vector<Stretch>& runs) {
    const Placement placement = placement_of(runs);
    const fleet::Fleet& fleet = builder.problem().fleet;
    std::vector<std::string> steps;
    for (const Step& step : critical_path(
             one_request(builder.problem().graph, fleet, placement, figures(runs).stages))) {
      const auto name = [&](DeviceId device) { return fleet.devices[device].name; };
      steps.push_back(fmt::format("{}{} {}-{}", name(step.device),
                                  step.to ? "->" + name(*step.to) : "", step.start.count(),
                                  step.end.count()));
    }
    return steps;
  };
  EXPECT_THAT(path({{1, 0, 3}}), ElementsAre("b 0-6"));
  // As above: a's 20 bytes for c are not waited for.
  EXPECT_THAT(path(one_each),
              ElementsAre("a 0-1", "a->b 1-3.25", "b 3.25-5.25", "b->c 5.25-8.5", "c 8.5-12.5"));
  EXPECT_THAT(path({{0, 0, 1}, {0, 1, 3}}), ElementsAre("a 0-1", "a 1-3"));
  // The link is still busy with the first stage's result when the second one's is there, at 2.
  EXPECT_THAT(path({{0, 0, 1}, {0, 1, 2}, {2, 2, 3}}),
              ElementsAre("a 0-1", "a->c 1-3", "a->c 3-6.25", "c 6.25-10.25"));
  // On a medium, b's message waits for a's second one, which takes 5 s.
  contention(fleet::Contention::medium);
  builder.problem().fleet.links[DeviceId(0)][DeviceId(2)].bandwidth = BytesPerSecond(4);
  EXPECT_THAT(path(one_each),
              ElementsAre("a 0-1", "a->b 1-3", "a->c 3-8", "b->c 8-11.25", "c 11.25-15.25"));
}

TEST_F(EvaluateTest, EnergyIsBusyWhileComputingAndIdleForTheRestOfAPeriod) {
  builder.problem().fleet.devices[DeviceId(0)].power = fleet::Power{Watts(1), Watts(10)};
  // c is in no stage of this placement, and b has no figures.
  builder.problem().fleet.devices[DeviceId(2)].power = fleet::Power{Watts(100), Watts(100)};
  const Figures split = figures({{0, 0, 1}, {1, 1, 3}});
  EXPECT_EQ(split.period, Seconds(4));
  EXPECT_EQ(split.energy, Joules(10 * 1 + 1 * 3));
}

TEST_F(EvaluateTest, MemoryIsWeightsLiveValuesWorkspaceAndPipelineBuffers) {
  builder.problem().graph.runtime_memory[DeviceId(0)] = Bytes(10000);
  const Figures split = figures({{0, 0, 1}, {1, 1, 3}});
  // a: runtime, both weights, input twice, output and workspace, output again.
  EXPECT_EQ(split.memory[DeviceId(0)], Bytes(10000 + 1500 + 2 * 100 + 20 + 7 + 20));
  // b: shared weight, input v0 twice, v1 and v2 live at once, output again.
  EXPECT_EQ(split.memory[DeviceId(1)], Bytes(500 + 2 * 20 + 30 + 40 + 40));
  EXPECT_EQ(split.memory[DeviceId(2)], Bytes(0));
}

TEST_F(EvaluateTest, AWeightOfSeveralStagesIsStoredOnceADevice) {
  // First stage: input 2 x 100, live 20 + 7, output 20. Second: 2 x 20, 30, 30.
  // Third: 2 x (20 + 30), 40, 40.
  EXPECT_EQ(figures({{0, 0, 1}, {0, 1, 2}, {0, 2, 3}}).memory[DeviceId(0)],
            Bytes(1500 + 247 + 100 + 180));
}

TEST_F(EvaluateTest, AValueIsFreedAfterItsLastReader) {
  // All on one device: v0 stays until n2 has read it: n0 27, n1 50, n2 90 live.
  EXPECT_EQ(figures({{0, 0, 3}}).memory[DeviceId(0)], Bytes(1500 + 200 + 90 + 40));
  // A fourth node finds v0 and v1 gone: n3 40 + 1 live, still below 90.
  const ValueId v3 = builder.node({1, 1, 1}, {v2}, 1);
  builder.problem().graph.values[v2].is_output = false;
  builder.returns(v3);
  EXPECT_EQ(figures({{0, 0, 4}}).memory[DeviceId(0)], Bytes(1500 + 200 + 90 + 1));
}

TEST_F(EvaluateTest, NamesTheDevicesWhoseMemoryIsShort) {
  builder.problem().fleet.devices[DeviceId(0)].memory = Bytes(1700);
  builder.problem().fleet.devices[DeviceId(1)].memory = Bytes(650);
  const auto found = shortages(figures({{0, 0, 1}, {1, 1, 3}}), builder.problem().fleet);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].device, DeviceId(0));
  EXPECT_EQ(found[0].needed, Bytes(1747));
  EXPECT_EQ(found[0].available, Bytes(1700));
  EXPECT_THAT(shortages(figures({{2, 0, 3}}), builder.problem().fleet), IsEmpty());
}

}  // namespace
}  // namespace convoy::plan
