// Pipelines over real processes, limited as this machine allows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "emulation/child_process.h"
#include "emulation/local_host.h"
#include "engine/compare.h"
#include "engine/named_run.h"
#include "engine/optimize.h"
#include "engine/sample.h"
#include "foundation/file.h"
#include "of_process.h"
#include "onnx/cut.h"
#include "runtime/pipeline.h"
#include "runtime/remote_profile.h"
#include "three_parts.h"

namespace convoy {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Clock = std::chrono::steady_clock;

fleet::Fleet limited_devices(double cores, Bytes memory = Bytes(0), fleet::Link link = {}) {
  fleet::Fleet fleet = three_devices(link);
  for (const DeviceId device : fleet.devices.ids()) {
    fleet.devices[device].memory = memory;
    fleet.devices[device].cores = cores;
  }
  return fleet;
}

class PipelineProcessTest : public ThreePartsTest {
 protected:
  void TearDown() override {
    EXPECT_THAT(traces_of(::getpid()), IsEmpty());
    EXPECT_THAT(workers_of(::getpid()), IsEmpty());
  }

  std::unique_ptr<runtime::WorkerHost> host(
      const fleet::Fleet& fleet,
      emulation::Enforcement enforcement = emulation::Enforcement::automatic) {
    auto made = emulation::make_local_host(fleet, {.program = CONVOY_PROGRAM},
                                           emulation::MemoryLimit::enforced, enforcement);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  static Result<runtime::Pipeline> start(const fleet::Fleet& fleet, runtime::WorkerHost& host) {
    return runtime::Pipeline::start({{split_->folder, split_->map}}, fleet, host, {});
  }
  static std::vector<engine::SharedTensor> inputs() { return inputs_of(*split_, 0); }
  static Result<void> expect_right_answers(runtime::Pipeline& pipeline, std::size_t count) {
    return convoy::expect_right_answers(*split_, pipeline, count);
  }
};

TEST_F(PipelineProcessTest, GivesTheWholeModelsAnswersInOrder) {
  const fleet::Fleet fleet = three_devices();
  const auto devices = host(fleet);
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  EXPECT_THAT(workers_of(::getpid()), SizeIs(3));
  const auto done = expect_right_answers(*pipeline, 200);
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(PipelineProcessTest, DevicesThatTakeTurnsGiveTheSameAnswersInOrder) {
  fleet::Fleet fleet = three_devices();
  fleet.devices.push_back({.name = "spare"});
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(4, ById<DeviceId, fleet::Link>(4));
  onnx::SplitMap map = split_->map;
  onnx::assign(map.sub_models[1], {"tablet", "spare", "tablet"});
  const auto devices = host(fleet);
  auto pipeline = runtime::Pipeline::start({{split_->folder, map}}, fleet, *devices, {});
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  const auto done = expect_right_answers(*pipeline, 30);
  ASSERT_TRUE(done) << done.error().message;
  const auto reports = pipeline->report();
  ASSERT_TRUE(reports) << reports.error().message;
  std::map<std::string, std::uint64_t> requests;
  for (const runtime::StageReport& report : *reports) requests[report.device] = report.requests;
  EXPECT_EQ(requests, (std::map<std::string, std::uint64_t>{
                          {"phone", 30}, {"tablet", 20}, {"spare", 10}, {"laptop", 30}}));
}

TEST_F(PipelineProcessTest, HoldsDevicesToTheirShareOfACoreAndTheirMemory) {
  const emulation::Capabilities able = emulation::probe();
  if (!able.cpu_quota) GTEST_SKIP() << testing::PrintToString(able.reasons);
  const fleet::Fleet fleet = limited_devices(0.25, Bytes(400'000'000));
  const auto devices = host(fleet);
  EXPECT_THAT(devices->description(), HasSubstr("CPU quota by control group"));
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  const auto begin = Clock::now();
  ASSERT_TRUE(expect_right_answers(*pipeline, 30));
  const Seconds took = Clock::now() - begin;
  const auto report = pipeline->report();
  ASSERT_TRUE(report);
  for (const runtime::StageReport& stage : *report) {
    EXPECT_LT(stage.cpu_seconds, 0.25 * took.count() + 0.05) << stage.device;
    EXPECT_LE(stage.busy, took);
  }
}

TEST_F(PipelineProcessTest, HoldsLinksToTheirRate) {
  const emulation::Capabilities able = emulation::probe();
  if (!able.shaped_network) GTEST_SKIP() << testing::PrintToString(able.reasons);
  // 16 Mbit/s between the devices, nothing between them and us.
  const fleet::Fleet fleet = limited_devices(0, Bytes(0), {.bandwidth = BytesPerSecond(2e6)});
  const auto devices = host(fleet);
  EXPECT_THAT(devices->description(), HasSubstr("links shaped by HTB"));
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  constexpr int kRequests = 10;
  const auto begin = Clock::now();
  ASSERT_TRUE(expect_right_answers(*pipeline, kRequests));
  const Seconds took = Clock::now() - begin;
  const auto report = pipeline->report();
  ASSERT_TRUE(report);
  const Seconds on_the_link = std::max((*report)[0].sent, (*report)[1].sent) / BytesPerSecond(2e6);
  EXPECT_GT(took, on_the_link);
}

TEST_F(PipelineProcessTest, StretchesAndPacesWhereTheKernelDoesNotHelp) {
  const fleet::Fleet fleet =
      limited_devices(0.5, Bytes(0), {.bandwidth = BytesPerSecond(20e6), .latency = 10ms});
  const auto devices = host(fleet, emulation::Enforcement::in_process);
  EXPECT_THAT(devices->description(),
              AllOf(HasSubstr("computing stretched in the workers (as asked)"),
                    HasSubstr("links paced in the workers (as asked)"),
                    HasSubstr("link latency added by the sending worker")));
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  const auto begin = Clock::now();
  ASSERT_TRUE(expect_right_answers(*pipeline, 20));
  const Seconds took = Clock::now() - begin;
  const auto report = pipeline->report();
  ASSERT_TRUE(report);
  Seconds slowest{0};
  for (const runtime::StageReport& stage : *report) {
    EXPECT_LT(stage.cpu_seconds, 0.5 * stage.busy.count() + 0.25) << stage.device;
    slowest = std::max(slowest, stage.sent / BytesPerSecond(20e6));
  }
  EXPECT_GT(took, slowest);
}

TEST_F(PipelineProcessTest, SaysAtOnceThatAWorkerWasKilled) {
  const fleet::Fleet fleet = limited_devices(1, Bytes(400'000'000), {.bandwidth = BytesPerSecond(1e7)});
  const auto devices = host(fleet);
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  ASSERT_TRUE(expect_right_answers(*pipeline, 5));
  while (!pipeline->full()) ASSERT_TRUE(pipeline->submit(inputs()));
  const auto victim = workers_of(::getpid(), "tablet");
  ASSERT_THAT(victim, SizeIs(1));
  ::kill(victim.front(), SIGKILL);
  const auto begin = Clock::now();
  Result<std::optional<runtime::Answer>> answer = pipeline->next(10s);
  while (answer && *answer) answer = pipeline->next(10s);
  EXPECT_LT(Clock::now() - begin, 2s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::lost);
  EXPECT_EQ(answer.error().message, "device tablet was killed by signal 9 (Killed)");
}

TEST_F(PipelineProcessTest, NoticesAWorkerThatHangs) {
  const fleet::Fleet fleet = three_devices();
  const auto devices = host(fleet);
  auto pipeline = start(fleet, *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  ::kill(workers_of(::getpid(), "tablet").front(), SIGSTOP);
  ASSERT_TRUE(pipeline->submit(inputs()));
  const auto begin = Clock::now();
  const auto answer = pipeline->next(20s);
  EXPECT_LT(Clock::now() - begin, 5s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "device tablet does not answer any more");
}

TEST_F(PipelineProcessTest, SaysThatAWorkerRanOutOfMemory) {
  const emulation::Capabilities able = emulation::probe();
  if (!able.memory_limit) GTEST_SKIP() << testing::PrintToString(able.reasons);
  const fleet::Fleet fleet = limited_devices(0, Bytes(8'000'000));
  const auto devices = host(fleet);
  const auto pipeline = start(fleet, *devices);
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().kind, ErrorKind::lost);
  EXPECT_THAT(pipeline.error().message,
              HasSubstr(" was killed: out of memory (limit 8.00 MB)"));
}

TEST_F(PipelineProcessTest, SaysWhyAWorkerDidNotStart) {
  const fleet::Fleet fleet = three_devices();
  auto made = emulation::make_local_host(fleet, {.program = "/no/such/convoy"},
                                         emulation::MemoryLimit::enforced);
  ASSERT_TRUE(made);
  const auto pipeline = start(fleet, **made);
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().message,
            "device phone: /no/such/convoy cannot start: No such file or directory");
}

TEST_F(PipelineProcessTest, ProfilesEachDeviceUnderItsLimits) {
  fleet::Fleet fleet = three_devices();
  fleet.devices[DeviceId(0)].cores = 0.2;
  fleet.devices[DeviceId(1)].cores = 1;
  const auto devices = host(fleet);
  const auto file = split_->folder / split_->map.sub_models[0].file;
  const auto profile = runtime::profile_fleet(file, inputs(), fleet, *devices);
  ASSERT_TRUE(profile) << profile.error().message;
  ASSERT_THAT(profile->devices, SizeIs(3));
  EXPECT_EQ(profile->devices[0].device, "phone");
  EXPECT_EQ(profile->devices[0].source, profile::Source::emulated);
  EXPECT_EQ(profile->devices[2].source, profile::Source::measured);
  // Five times as slow; far less is asked for, as other processes disturb.
  EXPECT_GT(profile->devices[0].run, 1.5 * profile->devices[1].run);
  EXPECT_GT(profile->devices[1].nodes.size(), 5u);
  EXPECT_TRUE(profile->values.contains(split_->map.sub_models[0].outputs.front()));
}

// Three devices that this machine has the cores for all at once.
class SideBySideTest : public PipelineProcessTest {
 protected:
  SideBySideTest() {
    fleet_.devices[DeviceId(0)].cores = 0.2;
    fleet_.devices[DeviceId(1)].cores = 0.6;
    fleet_.devices[DeviceId(2)].cores = 0.2;
  }
  Result<profile::Profile> profile(runtime::WorkerHost& host,
                                   const std::function<bool()>& stop = nullptr) {
    return runtime::profile_fleet(split_->folder / split_->map.sub_models[0].file, inputs(), fleet_,
                                  host, stop);
  }

  fleet::Fleet fleet_ = three_devices();
};

TEST_F(SideBySideTest, EachDeviceHasItsOwnFigures) {
  const auto devices = host(fleet_);
  const auto profile = this->profile(*devices);
  ASSERT_TRUE(profile) << profile.error().message;
  ASSERT_THAT(profile->devices, SizeIs(3));
  EXPECT_EQ(profile->devices[2].device, "laptop");
  EXPECT_GT(profile->devices[0].run, 1.3 * profile->devices[1].run);
  EXPECT_GT(profile->devices[2].run, 1.3 * profile->devices[1].run);
}

TEST_F(SideBySideTest, StoppedEarlyThereIsNoProfile) {
  const auto devices = host(fleet_);
  // Runs alone are measured for four.
  const auto end = std::chrono::steady_clock::now() + 2s;
  const auto profile =
      this->profile(*devices, [&] { return std::chrono::steady_clock::now() > end; });
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().kind, ErrorKind::cancelled);
}

TEST_F(SideBySideTest, ADeviceThatCannotBeReachedIsNamedNotTheOthers) {
  class WithoutOne : public runtime::WorkerHost {
   public:
    explicit WithoutOne(runtime::WorkerHost& host) : host_(host) {}
    Result<Worker> start(const fleet::Device& device) override {
      if (device.name == "tablet") return fail(ErrorKind::failure, "nobody is there");
      return host_.start(device);
    }
    std::optional<std::string> obituary(const std::string& device) override {
      return host_.obituary(device);
    }
    void stop_all() override { host_.stop_all(); }
    std::string description() const override { return host_.description(); }

   private:
    runtime::WorkerHost& host_;
  };
  const auto devices = host(fleet_);
  WithoutOne without(*devices);
  EXPECT_THAT(profile(without).error().message, HasSubstr("device tablet: nobody is there"));
}

// convoy itself, on a file with three devices.
class RunProcessTest : public PipelineProcessTest {
 protected:
  void SetUp() override {
    PipelineProcessTest::SetUp();
    ASSERT_TRUE(write_file(folder_ / "devices.yaml",
                           "devices:\n"
                           "  - {name: phone, memory: 400 MB, cores: 1}\n"
                           "  - {name: tablet, memory: 400 MB, cores: 1}\n"
                           "  - {name: laptop, memory: 400 MB, cores: 1}\n"));
  }
  static emulation::ChildProcess run(std::vector<std::string> more) {
    std::vector<std::string> words = {CONVOY_PROGRAM, "run", split_->folder, "--devices",
                                      folder_ / "devices.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return emulation::ChildProcess::start({.arguments = words}).value();
  }
};

TEST_F(RunProcessTest, WritesTheOutputs) {
  auto process = run({"--requests", "3", "--output", folder_ / "outputs"});
  ASSERT_TRUE(comes_true([&] { return process.status().has_value(); }, 30s));
  EXPECT_EQ(WEXITSTATUS(*process.status()), 0) << process.last_words();
  const auto output = onnx::read_tensor(folder_ / "outputs" / "output_0.pb");
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_EQ(output->name, split_->map.outputs[0]);
  EXPECT_EQ(output->tensor, engine::copy(split_->of(0).expected.at(output->name)));
}

TEST_F(RunProcessTest, EndsCleanlyOnCtrlC) {
  auto process = run({"--requests", "1000000"});
  ASSERT_TRUE(comes_true([&] { return workers_of(process.id()).size() == 3; }));
  std::this_thread::sleep_for(1s);
  ::kill(process.id(), SIGINT);
  ASSERT_TRUE(comes_true([&] { return process.status().has_value(); }));
  ASSERT_TRUE(WIFEXITED(*process.status()));
  EXPECT_EQ(WEXITSTATUS(*process.status()), 130);
  EXPECT_THAT(process.last_words(), HasSubstr("stopped"));
  EXPECT_THAT(workers_of(process.id()), IsEmpty());
  EXPECT_THAT(traces_of(process.id()), IsEmpty());
}

TEST_F(RunProcessTest, LeavesNothingForLongWhenItIsKilled) {
  auto process = run({"--requests", "1000000"});
  ASSERT_TRUE(comes_true([&] { return workers_of(process.id()).size() == 3; }));
  const pid_t id = process.id();
  ::kill(id, SIGKILL);
  ASSERT_TRUE(comes_true([&] { return process.status().has_value(); }));
  EXPECT_TRUE(comes_true([&] { return workers_of(id).empty(); }));
  EXPECT_THAT(traces_of(id), testing::Not(IsEmpty()));
  const auto next = host(three_devices());
  EXPECT_THAT(traces_of(id), IsEmpty());
}

}  // namespace
}  // namespace convoy
