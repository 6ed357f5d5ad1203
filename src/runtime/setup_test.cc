#include "runtime/setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace convoy::runtime {
namespace {

using testing::HasSubstr;

// Stage 4 of worker 1: reads value 7, writes value 8 for worker 2 and the coordinator.
wire::Setup sample() {
  wire::Setup setup;
  setup.set_self(1);
  setup.set_threads(2);
  wire::Peer& peer = *setup.add_peers();
  peer.set_peer(2);
  peer.set_name("phone");
  peer.set_endpoint("tcp://10.0.0.2:7701");
  peer.set_key("K");
  wire::StageSetup& stage = *setup.add_stages();
  stage.set_stage(4);
  stage.set_level("none");
  stage.mutable_model()->set_sha256("abc");
  wire::ReadValue& input = *stage.add_inputs();
  input.set_value(7);
  input.set_name("x");
  wire::WrittenValue& output = *stage.add_outputs();
  output.set_value(8);
  output.set_name("y");
  output.add_readers()->add_turns(2);
  output.add_readers()->add_turns(0);
  return setup;
}

std::string complaint(const std::function<void(wire::Setup&)>& change) {
  wire::Setup setup = sample();
  change(setup);
  const auto spec = decode(setup);
  return spec ? "" : spec.error().message;
}

TEST(Setup, BecomesOurOwnTypes) {
  const auto spec = decode(sample());
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->self, PeerId(1));
  EXPECT_EQ(spec->threads, 2);
  EXPECT_EQ(spec->stages.at(0).id, StageId(4));
  EXPECT_EQ(spec->stages[0].inputs, std::vector{ValueId(7)});
  EXPECT_EQ(spec->stages[0].outputs.at(0).readers, (std::vector<Reader>{PeerId(2), kCoordinator}));
  EXPECT_EQ(spec->models.at(0).files.sha256, "abc");
  EXPECT_EQ(spec->models[0].outputs, std::vector<std::string>{"y"});
  EXPECT_EQ(spec->peers.at(0).key, "K");
}

TEST(Setup, RefusesWhatNoCoordinatorOfOursWouldAsk) {
  EXPECT_THAT(complaint([](auto& setup) { *setup.add_stages() = setup.stages(0); }),
              HasSubstr("stage 4 is there already"));
  EXPECT_THAT(complaint([](auto& setup) { setup.mutable_stages(0)->clear_inputs(); }),
              HasSubstr("reads nothing"));
  EXPECT_THAT(complaint([](auto& setup) { setup.mutable_stages(0)->set_level("most"); }),
              HasSubstr("most"));
  EXPECT_THAT(complaint([](auto& setup) {
                setup.mutable_stages(0)->mutable_outputs(0)->mutable_readers(0)->set_turns(0, 9);
              }),
              HasSubstr("read by 9, which is no peer"));
  EXPECT_THAT(complaint([](auto& setup) {
                for (int i = 0; i < 10; ++i) {
                  setup.mutable_stages(0)->mutable_outputs(0)->add_readers()->add_turns(2);
                }
              }),
              HasSubstr("more readers than there are peers"));
  EXPECT_THAT(complaint([](auto& setup) { *setup.add_peers() = setup.peers(0); }),
              HasSubstr("peer 2 is there already"));
  EXPECT_THAT(complaint([](auto& setup) { setup.mutable_peers(0)->set_peer(1); }),
              HasSubstr("peer 1 is there already"));
  EXPECT_THAT(complaint([](auto& setup) { setup.set_threads(1'000'000); }), HasSubstr("too many"));
}

TEST(Start, HasAnEpochAndAWindow) {
  wire::Start start;
  start.set_epoch(1);
  start.set_window(4);
  EXPECT_TRUE(check(start));
  start.set_window(0);
  EXPECT_FALSE(check(start));
  start.set_window(kMostWindow + 1);
  EXPECT_FALSE(check(start));
  start.set_window(4);
  start.set_epoch(0);
  EXPECT_FALSE(check(start));
}

}  // namespace
}  // namespace convoy::runtime
