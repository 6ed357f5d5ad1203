#include "runtime/capabilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/session.h"
#include "foundation/version.h"
#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kConvoy(kVersion);

TEST(Capabilities, KnowsThisMachine) {
  const Capabilities able = capabilities(2);
  EXPECT_GE(able.cores, 1);
  EXPECT_GT(able.memory, Bytes(100'000'000));
  EXPECT_THAT(able.providers, Contains("CPUExecutionProvider"));
  EXPECT_EQ(from_wire(to_wire(able, "tablet")).instructions, able.instructions);
  EXPECT_EQ(from_wire(to_wire(able, "tablet")).memory, able.memory);
}

TEST(Capabilities, WorksOnlyWithTheSameProtocolAndRuntime) {
  const std::string runtime = engine::runtime_version();
  EXPECT_TRUE(check_versions(kProtocol, "9.9", runtime));
  EXPECT_THAT(check_versions(99, "9.9", runtime).error().message,
              StartsWith("there is convoy 9.9 (protocol 99), here is convoy " + kConvoy));
  EXPECT_THAT(check_versions(kProtocol, kConvoy, "1.0.0").error().message,
              StartsWith("there is ONNX Runtime 1.0.0, here is " + runtime));
}

TEST(Capabilities, RefusesLimitsThatARealDeviceDoesNotHold) {
  const Capabilities able{.cores = 8, .threads = 2, .memory = Bytes(4'000'000'000)};
  EXPECT_TRUE(check_device({.name = "a"}, able));
  EXPECT_TRUE(check_device({.name = "a", .memory = Bytes(1'000'000'000), .cores = 2}, able));
  EXPECT_EQ(check_device({.name = "a", .cores = 0.5}, able).error().message,
            "a real device cannot be held to 0.5 cores; right would be a whole number up to 2");
  EXPECT_THAT(check_device({.name = "a", .cores = 4}, able).error().message,
              HasSubstr("start its worker with --threads 4 if it has them (8 cores)"));
  EXPECT_EQ(check_device({.name = "a", .memory = Bytes(8'000'000'000)}, able).error().message,
            "it has 4.00 GB of memory, but memory says 8.00 GB");
}

}  // namespace
}  // namespace convoy::runtime
