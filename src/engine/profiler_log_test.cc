#include "engine/profiler_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace convoy::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<ProfilerLog> parse(const std::string& text) {
  std::istringstream trace(text);
  return parse_profiler_log(trace);
}

// As ONNX Runtime 1.32 writes it, shortened: two runs of an Add and a Loop, whose body with one Mul
// runs twice and then never.
constexpr const char* kTrace = R"json([
{"cat" : "Session","pid" :1,"tid" :1,"dur" :1178,"ts" :3,"ph" : "X","name" :"model_loading_uri","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :413,"ts" :60,"ph" : "X","name" :"we\"ird\na_kernel_time","args" : {"op_name" : "Add","node_index" : "0","output_size" : "24","output_type_shape" : [{"float":[2,3]}]}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :10,"ts" :475,"ph" : "X","name" :"inside_kernel_time","args" : {"op_name" : "Mul","output_size" : "4","output_type_shape" : [{"float":[1]}]}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :12,"ts" :475,"ph" : "X","name" :"SequentialExecutor::Execute","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :11,"ts" :490,"ph" : "X","name" :"inside_kernel_time","args" : {"op_name" : "Mul","output_size" : "4","output_type_shape" : [{"float":[1]}]}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :12,"ts" :490,"ph" : "X","name" :"SequentialExecutor::Execute","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :30,"ts" :474,"ph" : "X","name" :"loop_kernel_time","args" : {"op_name" : "Loop","output_size" : "28","output_type_shape" : [{"float":[1]},{"int64":[3]}]}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :569,"ts" :20,"ph" : "X","name" :"SequentialExecutor::Execute","args" : {}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :675,"ts" :27,"ph" : "X","name" :"model_run","args" : {}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :23,"ts" :1056,"ph" : "X","name" :"we\"ird\na_kernel_time","args" : {"op_name" : "Add","output_size" : "12","output_type_shape" : [{"float":[1,3]}]}},
{"cat" : "Node","pid" :1,"tid" :1,"dur" :0,"ts" :1080,"ph" : "X","name" :"loop_kernel_time","args" : {"op_name" : "Loop","output_size" : "9","output_type_shape" : [{"float":[1]},{"Int4x2":[9]}]}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :58,"ts" :1040,"ph" : "X","name" :"SequentialExecutor::Execute","args" : {}},
{"cat" : "Session","pid" :1,"tid" :1,"dur" :82,"ts" :1035,"ph" : "X","name" :"model_run","args" : {}}
]
)json";

TEST(ProfilerLog, HasTheTimeOfEachNodeInEachRun) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(log->runs, ElementsAre(Seconds(675e-6), Seconds(82e-6)));
  ASSERT_EQ(log->nodes.size(), 2U);
  EXPECT_EQ(log->nodes[0].node, "we\"ird\na");
  EXPECT_EQ(log->nodes[0].op, "Add");
  EXPECT_THAT(log->nodes[0].runs, ElementsAre(Seconds(413e-6), Seconds(23e-6)));
}

TEST(ProfilerLog, CountsBodiesInTheNodesThatHaveThem) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_EQ(log->nodes.size(), 2U) << "the body's node is not listed";
  EXPECT_EQ(log->nodes[1].node, "loop");
  EXPECT_THAT(log->nodes[1].runs, ElementsAre(Seconds(30e-6), Seconds(0)));
}

TEST(ProfilerLog, HasWhatACallTakesBesideTheNodes) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  ASSERT_EQ(log->calls.size(), 2U);
  EXPECT_NEAR(log->calls[0].count(), 106e-6, 1e-12);
  EXPECT_NEAR(log->calls[1].count(), 24e-6, 1e-12);
}

TEST(ProfilerLog, HasTheSizesOfTheLastOutputs) {
  const Result<ProfilerLog> log = parse(kTrace);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(log->nodes[0].outputs, ElementsAre(Bytes(12)));
  EXPECT_THAT(log->nodes[1].outputs, ElementsAre(Bytes(4), Bytes(9)))
      << "an unknown type counts as all outputs of the node together";
}

TEST(ProfilerLog, IsEmptyForATraceWithoutRuns) {
  const Result<ProfilerLog> log = parse("[]");
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_THAT(log->runs, IsEmpty());
  EXPECT_THAT(log->nodes, IsEmpty());
}

TEST(ProfilerLog, RefusesWhatIsNoTrace) {
  for (const char* text : {"", "[{\"cat\":", "{}", "[{\"cat\":\"Node\"}]",
                           "[{\"cat\":\"Session\",\"name\":3}]"}) {
    const Result<ProfilerLog> log = parse(text);
    ASSERT_FALSE(log) << text;
    EXPECT_THAT(log.error().message, HasSubstr("the profiler's trace"));
  }
}

}  // namespace
}  // namespace convoy::engine
