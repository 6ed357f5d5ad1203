#include "engine/profiler_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace convoy::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<ProfilerLog> parse(const std::string& text) {
  std::istringstream trace(text);
  return parse_profiler_log(trace);
}

// As ONNX Runtime 1.32 writes it, shortened: two runs; "loop" has a body with "inside", which runs
// twice in the first run and never in the second.
constexpr const char* kTrace = R"json([
{"cat" : "Session","pid" :1,"tid" :1,"dur" :1178,"ts" :3,"ph" : "X","name" :"model_loading_uri","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :413,"ts" :60,"ph" : "X","name" :"we\"ird\na_kernel_time","args" : {"op_name" : "Add","node_index" : "0","output_type_shape" : [{"float":[2,3]}]}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :10,"ts" :70,"ph" : "X","name" :"inside_kernel_time","args" : {"op_name" : "Mul"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :11,"ts" :80,"ph" : "X","name" :"inside_kernel_time","args" : {"op_name" : "Mul"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :30,"ts" :70,"ph" : "X","name" :"loop_kernel_time","args" : {"op_name" : "Loop"}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :569,"ts" :20,"ph" : "X","name" :"SequentialExecutor::Execute","args" : {}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :675,"ts" :27,"ph" : "X","name" :"model_run","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :23,"ts" :56,"ph" : "X","name" :"we\"ird\na_kernel_time","args" : {"op_name" : "Add"}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :0,"ts" :56,"ph" : "X","name" :"loop_kernel_time","args" : {"op_name" : "Loop"}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :82,"ts" :35,"ph" : "X","name" :"model_run","args" : {}}
]
)json";

TEST(ProfilerLog, HasTheTimeOfEachNodeInEachRun) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(log->runs, ElementsAre(Seconds(675e-6), Seconds(82e-6)));
  ASSERT_EQ(log->nodes.size(), 3U);
  EXPECT_EQ(log->nodes[0].node, "we\"ird\na");
  EXPECT_EQ(log->nodes[0].op, "Add");
  EXPECT_THAT(log->nodes[0].runs, ElementsAre(Seconds(413e-6), Seconds(23e-6)));
}

TEST(ProfilerLog, SumsWhatABodyRepeatsAndFillsWhatDidNotRun) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->nodes[1].node, "inside");
  ASSERT_EQ(log->nodes[1].runs.size(), 2U);
  EXPECT_NEAR(log->nodes[1].runs[0].count(), 21e-6, 1e-12);
  EXPECT_EQ(log->nodes[1].runs[1].count(), 0);
  EXPECT_EQ(log->nodes[2].node, "loop");
  EXPECT_THAT(log->nodes[2].runs, ElementsAre(Seconds(30e-6), Seconds(0)));
}

TEST(ProfilerLog, IsEmptyForATraceWithoutRuns) {
  const Result<ProfilerLog> log = parse("[]");
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_TRUE(log->runs.empty());
  EXPECT_TRUE(log->nodes.empty());
}

TEST(ProfilerLog, RefusesWhatIsNoTrace) {
  for (const char* text : {"", "[{\"cat\":", "{}", "[{\"cat\":\"Node\"}]", "[{\"cat\":\"Session\",\"name\":3}]"}) {
    const Result<ProfilerLog> log = parse(text);
    ASSERT_FALSE(log) << text;
    EXPECT_THAT(log.error().message, HasSubstr("the profiler's trace"));
  }
}

}  // namespace
}  // namespace convoy::engine
