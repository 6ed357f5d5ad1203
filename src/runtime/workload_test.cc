#include "runtime/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

engine::SharedTensor bytes(std::size_t count) {
  return engine::share({.type = onnx::ElementType::uint8,
                        .dims = {static_cast<std::int64_t>(count)},
                        .data = std::vector<std::byte>(count)});
}

// Stages 0 and 1 of peer 1: value 1 to 2, which peer 2 reads too, and 2 to 3 for the coordinator.
Workload two_stages() {
  Workload work;
  work.replace(
      {{.id = StageId(0),
        .inputs = {ValueId(1)},
        .outputs = {{ValueId(2), {PeerId(1), PeerId(2)}}}},
       {.id = StageId(1), .inputs = {ValueId(2)}, .outputs = {{ValueId(3), {kCoordinator}}}}},
      PeerId(1));
  work.start(7, 4);
  return work;
}

Computed computed(std::size_t stage, double start_s, double end_s, std::uint64_t epoch = 7) {
  return {.stage = StageId(stage),
          .epoch = epoch,
          .request = 0,
          .outputs = std::vector{bytes(10)},
          .start_s = start_s,
          .end_s = end_s};
}

TEST(Workload, GivesAParcelToTheStagesThatReadIt) {
  Workload work = two_stages();
  const auto step = work.accept({.epoch = 7, .items = {{ValueId(2), bytes(1)}}}, 0);
  ASSERT_THAT(step.jobs, SizeIs(1));
  EXPECT_EQ(step.jobs[0].stage, StageId(1));
  EXPECT_EQ(work.accept({.epoch = 7, .items = {{ValueId(2), bytes(1)}}}, 0).dropped, 1u);
  EXPECT_EQ(work.accept({.epoch = 6, .items = {{ValueId(1), bytes(1)}}}, 0).dropped, 1u);
}

TEST(Workload, SaysWhichStagesKeepSomething) {
  Workload work = two_stages();
  EXPECT_THAT(work.accept({.epoch = 7, .items = {{ValueId(2), bytes(1)}}}, 0).keepers,
              ElementsAre(StageId(1)));
  EXPECT_THAT(work.accept({.epoch = 7, .items = {{ValueId(2), bytes(1)}}}, 0).keepers, IsEmpty());
  const auto failed = work.accept({.epoch = 7,
                                   .request = 1,
                                   .failure = Error{ErrorKind::failure, "no"},
                                   .items = {{ValueId(1), {}}}}, 0);
  EXPECT_THAT(failed.keepers, IsEmpty());
  EXPECT_THAT(failed.failed, ElementsAre(StageId(0)));
}

TEST(Workload, CountsWhatGoesToOtherDevicesOnly) {
  Workload work = two_stages();
  EXPECT_THAT(work.finish(computed(0, 1, 3)), SizeIs(2));
  EXPECT_THAT(work.finish(computed(1, 3, 4)), SizeIs(1));
  EXPECT_THAT(work.finish(computed(1, 4, 9, 6)), IsEmpty());  // of an epoch that is over
  EXPECT_THAT(work.finish(computed(5, 4, 9)), IsEmpty());
  wire::Figures figures;
  work.report(figures, true);
  ASSERT_EQ(figures.stages_size(), 2);
  EXPECT_EQ(figures.stages(0).sent_bytes(), 10u);  // to peer 2; not to itself
  EXPECT_EQ(figures.stages(1).sent_bytes(), 0u);
  EXPECT_EQ(figures.stages(0).busy_s(), 2);
  EXPECT_EQ(figures.stages(1).requests(), 1u);
  ASSERT_EQ(figures.links_size(), 2);  // to the coordinator, too
  EXPECT_EQ(figures.links(0).to(), kCoordinator.index());
  EXPECT_EQ(figures.links(0).sent_bytes(), 10u);
  EXPECT_EQ(figures.links(1).to(), 2u);
  work.start(8, 4);
  wire::Figures anew;
  work.report(anew, true);
  EXPECT_EQ(anew.stages(0).requests(), 0u);
  EXPECT_EQ(anew.links_size(), 0);
}

TEST(Workload, KeepsIntervalsOverEpochsUntilTheyAreForgotten) {
  Workload work = two_stages();
  EXPECT_THAT(work.finish(computed(0, 1, 3)), SizeIs(2));
  EXPECT_THAT(work.finish(computed(1, 3, 4)), SizeIs(1));
  work.clear();
  wire::Figures all;
  work.report(all, true);
  EXPECT_THAT(all.interval_epoch(), ElementsAre(7, 7));
  EXPECT_THAT(all.interval_end_s(), ElementsAre(3, 4));
  wire::Figures later;
  work.report(later, true, 3);
  EXPECT_THAT(later.interval_end_s(), ElementsAre(4));
  work.forget_intervals();
  wire::Figures none;
  work.report(none, true);
  EXPECT_THAT(none.interval_end_s(), IsEmpty());
}

TEST(Workload, SaysWhatWaitsAndSinceWhen) {
  Workload work = two_stages();
  const auto waiting = [&] {
    wire::Figures figures;
    work.report(figures, false);
    return figures.stages(0).waiting();
  };
  for (const std::uint64_t request : {0, 1, 2}) {
    const double now_s = 0.5 + static_cast<double>(request);
    const auto step = work.accept(
        {.epoch = 7, .request = request, .items = {{ValueId(1), bytes(1)}}}, now_s);
    EXPECT_THAT(step.jobs, SizeIs(1));
  }
  EXPECT_EQ(waiting(), 3u);
  EXPECT_THAT(work.finish(computed(0, 1, 3)), SizeIs(2));
  EXPECT_EQ(waiting(), 2u);
  work.cancel(7, 1);
  EXPECT_EQ(waiting(), 1u);
  wire::Figures figures;
  work.report(figures, true);
  EXPECT_THAT(figures.interval_ready_s(), ElementsAre(0.5));
  work.start(8, 4);
  EXPECT_EQ(waiting(), 0u);
}

}  // namespace
}  // namespace convoy::runtime
