// Emulated networks that fail under a pipeline, and convoys that are killed: real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "emulation/child_process.h"
#include "emulation/leftovers.h"
#include "emulation/local_host.h"
#include "foundation/file.h"
#include "of_process.h"
#include "three_parts.h"

namespace convoy {
namespace emulation {

// For names of tests.
static void PrintTo(Enforcement enforcement, std::ostream* out) {
  *out << (enforcement == Enforcement::automatic ? "ByTheKernel" : "ByTheWorkers");
}

}  // namespace emulation

namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DeviceId phone(0), tablet(1), laptop(2);

// 40 Mbit/s between each two.
const fleet::Link kLink{.bandwidth = BytesPerSecond(5e6)};

class EmulatedNetworkTest : public ThreePartsTest {
 protected:
  void SetUp() override {
    ThreePartsTest::SetUp();
    if (enforcement_ == emulation::Enforcement::in_process) return;
    const emulation::Capabilities able = emulation::probe();
    if (!able.shaped_network) GTEST_SKIP() << testing::PrintToString(able.reasons);
  }
  void TearDown() override {
    pipeline_.reset();
    host_.reset();
    EXPECT_THAT(workers_of(::getpid()), IsEmpty());
    EXPECT_THAT(traces_of(::getpid()), IsEmpty());
  }

  void start(const fleet::FleetChanges& changes = {},
             const runtime::PipelineOptions& options = {}) {
    const fleet::Fleet fleet = three_devices(kLink);
    host_ =
        good(emulation::make_local_host(fleet, {.program = CONVOY_PROGRAM},
                                        emulation::MemoryLimit::ignored, enforcement_, changes));
    pipeline_.emplace(
        good(runtime::Pipeline::start({{split_->folder, split_->map}}, fleet, *host_, options)));
    begun_ = std::chrono::steady_clock::now();
    host_->begin_changes();
  }
  // What the next answer is instead; nothing if there is none yet, or one.
  std::string complaint(Seconds patience) {
    const auto answer = pipeline_->next(patience);
    return answer ? "" : answer.error().message;
  }

  emulation::Enforcement enforcement_ = emulation::Enforcement::automatic;
  std::unique_ptr<emulation::EmulatedHost> host_;  // outlives the pipeline
  std::optional<runtime::Pipeline> pipeline_;
  std::chrono::steady_clock::time_point begun_;  // the changes
};

TEST_F(EmulatedNetworkTest, AShortBlackOutOnlyDelays) {
  start({}, {.silence = 10s});
  ASSERT_TRUE(host_->network()->cut(tablet));
  std::jthread mender([&] {
    std::this_thread::sleep_for(500ms);
    EXPECT_TRUE(host_->network()->mend(tablet));
  });
  const auto done = expect_right_answers(*split_, *pipeline_, 50);
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(EmulatedNetworkTest, WhoIsCutOffFromTheCoordinatorDoesNotAnswer) {
  start();
  ASSERT_TRUE(host_->network()->cut(tablet, emulation::Direction::to_device));
  ASSERT_TRUE(pipeline_->submit(inputs_of(*split_, 0)));
  EXPECT_THAT(complaint(20s), HasSubstr("device tablet does not answer any more"));
}

TEST_F(EmulatedNetworkTest, ALinkThatIsCutHoldsWhatIsSentUntilItIsMended) {
  start();
  ASSERT_TRUE(host_->network()->cut(phone, tablet));
  ASSERT_TRUE(pipeline_->submit(inputs_of(*split_, 0)));
  const auto none = pipeline_->next(3s);
  ASSERT_TRUE(none) << none.error().message;  // all are there, as far as the coordinator sees
  EXPECT_FALSE(*none);
  ASSERT_TRUE(host_->network()->mend(phone, tablet));
  const auto answer = pipeline_->next(20s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(*answer);
}

// By the kernel, and by the workers themselves.
class ChangingFleetTest : public EmulatedNetworkTest,
                          public testing::WithParamInterface<emulation::Enforcement> {
 protected:
  void SetUp() override {
    enforcement_ = GetParam();
    EmulatedNetworkTest::SetUp();
  }
  // When the answer to a request that is made half a second after the changes began is there, since
  // these began.
  Seconds first_answer(const fleet::FleetChanges& changes) {
    start(changes, {.silence = 10s});
    std::this_thread::sleep_for(500ms);
    good(pipeline_->submit(inputs_of(*split_, 0)));
    EXPECT_TRUE(good(pipeline_->next(30s)));
    EXPECT_THAT(host_->description(), HasSubstr("traces and events followed"));
    return std::chrono::steady_clock::now() - begun_;
  }
};

TEST_P(ChangingFleetTest, ADeviceLeavesWhenItsFleetSaysSo) {
  start({.events = {{Seconds(0.5), laptop, fleet::Happening::leaves}}});
  EXPECT_THAT(host_->description(), HasSubstr("traces and events followed"));
  EXPECT_THAT(complaint(20s), HasSubstr("device laptop does not answer any more"));
}

TEST_P(ChangingFleetTest, ADeviceThatJoinsLaterCannotBeStartedBefore) {
  try {
    start({.events = {{Seconds(60), laptop, fleet::Happening::joins}}});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("laptop: it is not there at this time, by the events of "
                                        "devices.yaml"));
  }
}

TEST_P(ChangingFleetTest, ALinkHasTheLatencyOfItsTrace) {
  const fleet::TraceStep now{Seconds(0.2), BytesPerSecond(5e6), Seconds(0)};
  const fleet::TraceStep then{Seconds(3600), BytesPerSecond(5e6), Seconds(2)};
  EXPECT_GE(first_answer({.links = {{phone, tablet, {now, then}, Seconds(0)}}}), 2.5s);
}

TEST_P(ChangingFleetTest, NothingPassesALinkDuringAnOutageOfItsTrace) {
  const fleet::TraceStep now{Seconds(3), BytesPerSecond(0), Seconds(0)};
  const fleet::TraceStep then{Seconds(3600), BytesPerSecond(5e6), Seconds(0)};
  EXPECT_GE(first_answer({.links = {{phone, tablet, {now, then}, Seconds(0)}}}), 3s);
}

TEST_P(ChangingFleetTest, ADeviceThatIsOutOfReachForAWhileGoesOnLater) {
  const fleet::TraceStep now{Seconds(2), BytesPerSecond(0), Seconds(0)};
  const fleet::TraceStep then{Seconds(3600), BytesPerSecond(5e6), Seconds(0)};
  EXPECT_GE(first_answer({.devices = {{tablet, {now, then}, Seconds(0)}}}), 2s);
}

INSTANTIATE_TEST_SUITE_P(, ChangingFleetTest,
                         testing::Values(emulation::Enforcement::automatic,
                                         emulation::Enforcement::in_process),
                         testing::PrintToStringParamName());

// convoy itself, killed as early or late as a test likes.
class KilledConvoyTest : public ThreePartsTest {
 protected:
  void SetUp() override {
    ThreePartsTest::SetUp();
    ASSERT_TRUE(write_file(folder_ / "devices.yaml",
                           "devices:\n"
                           "  - {name: phone, memory: 400 MB, cores: 1, bandwidth: 40 Mbit/s}\n"
                           "  - {name: tablet, memory: 400 MB, cores: 1, bandwidth: 40 Mbit/s}\n"
                           "  - {name: laptop, memory: 400 MB, cores: 1, bandwidth: 40 Mbit/s}\n"
                           "events:\n"
                           "  - {at: 1 h, leaves: phone}\n"));
  }
  static emulation::ChildProcess start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        CONVOY_PROGRAM,           "run",        split_->folder, "--devices",
        folder_ / "devices.yaml", "--requests", "1000000"};
    words.insert(words.end(), more.begin(), more.end());
    return emulation::ChildProcess::start({.arguments = words}).value();
  }
  static bool has_trace(pid_t process, const std::string& text) {
    return std::ranges::any_of(traces_of(process),
                               [&](const std::string& trace) { return trace.contains(text); });
  }
  // Once `moment` is there.
  static void kill_at(emulation::ChildProcess& process, const std::function<bool()>& moment) {
    ASSERT_TRUE(comes_true(moment)) << process.last_words();
    ::kill(process.id(), SIGKILL);
    ASSERT_TRUE(comes_true([&] { return process.status().has_value(); }));
  }
  // As the next convoy does; a tool that the killed one had just started may still be at work.
  static void expect_that_nothing_stays(pid_t process) {
    EXPECT_TRUE(comes_true([&] { return workers_of(process).empty(); }));
    EXPECT_TRUE(comes_true([&] {
      emulation::remove_leftovers();
      return traces_of(process).empty();
    })) << testing::PrintToString(traces_of(process));
  }
};

TEST_F(KilledConvoyTest, LeavesNothingForLongWheneverItWas) {
  for (const char* trace : {"/var/tmp/convoy-", "cgroup", "/sys/class/net/cv", "/run/netns/"}) {
    auto process = start();
    const pid_t id = process.id();
    // Where no such thing can be made, a worker is there some time.
    kill_at(process, [&] { return has_trace(id, trace) || !workers_of(id).empty(); });
    expect_that_nothing_stays(id);
  }
  for (const std::size_t workers : {1, 3}) {
    auto process = start();
    const pid_t id = process.id();
    kill_at(process, [&] { return workers_of(id).size() >= workers; });
    expect_that_nothing_stays(id);
  }
}

TEST_F(KilledConvoyTest, LeavesNothingForLongInMidRun) {
  for (const auto& more : {std::vector<std::string>{}, {"--in-process"}}) {
    auto process = start(more);
    const pid_t id = process.id();
    ASSERT_TRUE(comes_true([&] { return workers_of(id).size() == 3; }));
    std::this_thread::sleep_for(1s);
    EXPECT_THAT(traces_of(id), Not(IsEmpty()));
    kill_at(process, [] { return true; });
    expect_that_nothing_stays(id);
  }
}

// Held by a debugger, as SIGSTOP does not last: the kernel wakes stopped processes by SIGHUP when
// the last of their parents is gone.
TEST_F(KilledConvoyTest, WorkersThatAreStoppedEndWithTheNextConvoy) {
  auto process = start({"--in-process"});  // so that no control group has them
  const pid_t id = process.id();
  ASSERT_TRUE(comes_true([&] { return workers_of(id, "tablet").size() == 1; }));
  const pid_t tablet = workers_of(id, "tablet").front();
  if (::ptrace(PTRACE_SEIZE, tablet, nullptr, nullptr) != 0) GTEST_SKIP() << "no right to ptrace";
  ASSERT_EQ(::ptrace(PTRACE_INTERRUPT, tablet, nullptr, nullptr), 0);
  ASSERT_EQ(::waitpid(tablet, nullptr, __WALL), tablet);
  kill_at(process, [] { return true; });
  EXPECT_TRUE(comes_true([&] { return workers_of(id).size() == 1; }));
  emulation::remove_leftovers();
  EXPECT_TRUE(comes_true([&] { return ::waitpid(tablet, nullptr, __WALL | WNOHANG) == tablet; }));
  expect_that_nothing_stays(id);
}

}  // namespace
}  // namespace convoy
