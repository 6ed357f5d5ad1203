// Devices that die, hang, slow down, leave and come back under a running pipeline: real processes.
// No request is lost or answered twice, answers come in order, and are the whole model's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "emulation/child_process.h"
#include "emulation/local_host.h"
#include "foundation/clock.h"
#include "foundation/file.h"
#include "keys.h"
#include "of_process.h"
#include "runtime/pipeline.h"
#include "tcp_relay.h"
#include "three_parts.h"

namespace convoy {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Clock = std::chrono::steady_clock;

// A feed of requests: each answer must be the next one, and right.
class Feed {
 public:
  Feed(const Split& split, runtime::Pipeline& pipeline) : split_(split), pipeline_(pipeline) {}

  // Keeps the pipeline full until `done` says so, at most for `patience`; then waits for what is
  // under way. What went wrong, or "".
  std::string run(const std::function<bool()>& done, Seconds patience = 120s) {
    const auto end = Clock::now() + patience;
    for (bool more = true; more || answered_ < submitted_;) {
      if (Clock::now() > end) return fmt::format("no answer to request {}", answered_);
      more = more && !done();
      while (more && !pipeline_.full()) {
        const auto sent = pipeline_.submit(inputs_of(split_, submitted_));
        if (!sent) return sent.error().message;
        ++submitted_;
      }
      const auto answer = pipeline_.next(20ms);
      if (!answer) return answer.error().message;
      if (!*answer) continue;
      if (!is_right(split_, answered_, **answer)) {
        return fmt::format("another answer to request {}", answered_);
      }
      ++answered_;
    }
    return "";
  }
  std::string run(std::size_t count, Seconds patience = 60s) {
    const std::size_t until = submitted_ + count;
    return run([&, until] { return submitted_ >= until; }, patience);
  }
  [[nodiscard]] std::size_t answered() const { return answered_; }

 private:
  const Split& split_;
  runtime::Pipeline& pipeline_;
  std::size_t submitted_ = 0;
  std::size_t answered_ = 0;
};

// A word with an action, once a time has come.
std::function<bool()> after(Seconds time, std::function<void()> act) {
  return [end = from_now(time), act = std::move(act)] {
    if (Clock::now() < end) return false;
    act();
    return true;
  };
}

class FailureTest : public ThreePartsTest {
 protected:
  // Who runs the three parts.
  static runtime::ReadyPlan plan(const std::vector<std::string>& devices, double period_s) {
    runtime::ReadyPlan plan{split_->folder, split_->map, Seconds(period_s)};
    for (std::size_t i = 0; i < 3; ++i) onnx::assign(plan.map.sub_models[i], {devices[i]});
    return plan;
  }
  // All three; without each; each alone.
  static std::vector<runtime::ReadyPlan> plans() {
    std::vector<runtime::ReadyPlan> plans = {plan({"phone", "tablet", "laptop"}, 0.01)};
    for (const auto& devices : std::vector<std::vector<std::string>>{
             {"phone", "laptop", "laptop"}, {"tablet", "tablet", "laptop"},
             {"phone", "tablet", "tablet"}}) {
      plans.push_back(plan(devices, 0.02));
    }
    for (const char* device : {"phone", "tablet", "laptop"}) {
      plans.push_back(plan({device, device, device}, 0.03));
    }
    return plans;
  }
  void TearDown() override { end(); }
  // The pipeline and its workers; says what became of losses.
  void end() {
    for (const runtime::Recovery& recovery : pipeline_ ? pipeline_->recoveries()
                                                       : std::vector<runtime::Recovery>()) {
      fmt::print("{}; a plan runs again after {}\n", recovery.what,
                 recovery.resumed ? convoy::to_text(*recovery.resumed - recovery.detected)
                                  : "never");
    }
    feed_.reset();
    pipeline_.reset();
    host_.reset();
    EXPECT_THAT(workers_of(::getpid()), IsEmpty());
  }

  // Workers that are started here, held to nothing but the fleet's links.
  void start_emulated(const fleet::Fleet& fleet, const std::vector<runtime::ReadyPlan>& plans,
                      runtime::PipelineOptions options = {}) {
    host_ = good(emulation::make_local_host(fleet, {.program = CONVOY_PROGRAM},
                                            emulation::MemoryLimit::enforced));
    start(fleet, plans, options);
  }
  void start(const fleet::Fleet& fleet, const std::vector<runtime::ReadyPlan>& plans,
             runtime::PipelineOptions options) {
    pipeline_.emplace(good(runtime::Pipeline::start(plans, fleet, *host_, options)));
    feed_.emplace(*split_, *pipeline_);
  }
  static pid_t process_of(const std::string& device) {
    const auto found = workers_of(::getpid(), device);
    if (found.empty()) throw std::runtime_error("no worker runs " + device);
    return found.front();
  }
  // That so many devices were lost, and a plan ran again after each.
  void expect_recovered(std::size_t losses) {
    std::size_t lost = 0;
    for (const runtime::Recovery& recovery : pipeline_->recoveries()) {
      EXPECT_TRUE(recovery.resumed) << recovery.what;
      lost += recovery.device.empty() ? 0 : 1;
    }
    EXPECT_EQ(lost, losses);
  }

  std::unique_ptr<emulation::EmulatedHost> host_;
  std::optional<runtime::Pipeline> pipeline_;
  std::optional<Feed> feed_;
};

TEST_F(FailureTest, AWorkerThatIsKilledCostsNoRequest) {
  std::vector<Seconds> recoveries;
  for (int kill = 0; kill < 5; ++kill) {
    start_emulated(three_devices(), plans(), {.keeps_timeline = true});
    ASSERT_EQ(feed_->run(20), "");
    EXPECT_EQ(feed_->run(after(300ms, [] { ::kill(process_of("tablet"), SIGKILL); })), "");
    EXPECT_EQ(feed_->run(50), "");
    expect_recovered(1);
    EXPECT_EQ(pipeline_->plan(), 1u);
    const runtime::Recovery& last = pipeline_->recoveries().back();
    EXPECT_EQ(last.what, "device tablet was killed by signal 9 (Killed)");
    const std::string trace = runtime::to_trace_events(pipeline_->timeline());
    EXPECT_THAT(trace, HasSubstr("tablet is lost"));
    EXPECT_THAT(trace, HasSubstr(" runs again"));
    recoveries.push_back(last.resumed.value_or(Seconds(1e9)) - last.detected);
    end();
  }
  std::ranges::sort(recoveries);
  fmt::print("median of {}: {}\n", recoveries.size(), to_text(recoveries[recoveries.size() / 2]));
}

TEST_F(FailureTest, TwoThatAreKilledAtOnceCostNoRequest) {
  start_emulated(three_devices(), plans());
  EXPECT_EQ(feed_->run(after(300ms,
                             [] {
                               const pid_t one = process_of("tablet");
                               ::kill(process_of("laptop"), SIGKILL);
                               ::kill(one, SIGKILL);
                             })),
            "");
  EXPECT_EQ(feed_->run(30), "");
  EXPECT_EQ(pipeline_->plan(), 4u);
}

TEST_F(FailureTest, TheLastDeviceThatIsLostIsTheEndAndSaysSo) {
  start_emulated(three_devices(), plans());
  EXPECT_EQ(feed_->run(after(100ms,
                             [] {
                               for (const char* device : {"phone", "tablet", "laptop"}) {
                                 ::kill(process_of(device), SIGKILL);
                               }
                             })),
            "device phone was killed by signal 9 (Killed)");
}

TEST_F(FailureTest, AWorkerThatHangsIsGoneInASecondAndAsAGhostHarmless) {
  start_emulated(three_devices(), plans());
  ASSERT_EQ(feed_->run(10), "");
  const pid_t tablet = process_of("tablet");
  ::kill(tablet, SIGSTOP);
  const auto begin = Clock::now();
  EXPECT_EQ(feed_->run([&] { return pipeline_->plan() != 0; }), "");
  EXPECT_LT(Clock::now() - begin, 5s);  // and not its 60 s
  EXPECT_EQ(feed_->run(after(10s, [&] { ::kill(tablet, SIGCONT); })), "");
  // It is used again once it has been there for a while.
  EXPECT_EQ(feed_->run([&] { return pipeline_->plan() == 0; }), "");
  EXPECT_EQ(feed_->run(30), "");
  expect_recovered(1);
}

// Stops a process most of the time.
std::jthread brake(pid_t process, std::chrono::milliseconds stands,
                   std::chrono::milliseconds goes) {
  return std::jthread([=](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      ::kill(process, SIGSTOP);
      std::this_thread::sleep_for(stands);
      ::kill(process, SIGCONT);
      std::this_thread::sleep_for(goes);
    }
  });
}

TEST_F(FailureTest, AWorkerThatIsSlowedToAQuarterCostsNoRequest) {
  start_emulated(three_devices(), plans(), {.silence = 10s});
  const auto braking = brake(process_of("tablet"), 30ms, 10ms);
  EXPECT_EQ(feed_->run(60), "");
  expect_recovered(0);
}

TEST_F(FailureTest, AWorkerThatIsMuchSlowerThanBeforeIsDoneWithout) {
  start_emulated(three_devices(), plans(), {.silence = 10s});
  ASSERT_EQ(feed_->run(after(6s, [] {})), "");  // so that it is known how quick it was
  const auto braking = brake(process_of("tablet"), 95ms, 5ms);
  EXPECT_EQ(feed_->run([&] { return pipeline_->plan() != 0; }), "");
  EXPECT_EQ(feed_->run(30), "");
  expect_recovered(0);
}

TEST_F(FailureTest, AWorkerWithoutMemoryForItsPartIsDoneWithout) {
  const emulation::Capabilities able = emulation::probe();
  if (!able.memory_limit) GTEST_SKIP() << testing::PrintToString(able.reasons);
  fleet::Fleet fleet = three_devices();
  fleet.devices[DeviceId(1)].memory = Bytes(8'000'000);
  start_emulated(fleet, plans());
  EXPECT_EQ(pipeline_->plan(), 1u);
  EXPECT_EQ(feed_->run(20), "");
}

// The fleet's network is emulated, so that it can be cut.
class BlackOutTest : public FailureTest {
 protected:
  void SetUp() override {
    FailureTest::SetUp();
    const emulation::Capabilities able = emulation::probe();
    if (!able.shaped_network) GTEST_SKIP() << testing::PrintToString(able.reasons);
  }
  void run_through(emulation::Direction direction, Seconds length) {
    start_emulated(three_devices({.bandwidth = BytesPerSecond(5e6)}), plans(), {.comeback = 30s});
    ASSERT_EQ(feed_->run(10), "");
    ASSERT_TRUE(host_->network()->cut(DeviceId(1), direction));
    EXPECT_EQ(feed_->run(after(length,
                               [&] {
                                 EXPECT_TRUE(host_->network()->mend(DeviceId(1), direction));
                               })),
              "");
    EXPECT_EQ(pipeline_->plan(), 1u);
    EXPECT_EQ(feed_->run([&] { return pipeline_->plan() == 0; }), "");
    EXPECT_EQ(feed_->run(20), "");
    expect_recovered(1);
  }
};

TEST_F(BlackOutTest, OfFiveSecondsBothWays) { run_through(emulation::Direction::both, 5s); }
TEST_F(BlackOutTest, OfFiveSecondsToTheDevice) { run_through(emulation::Direction::to_device, 5s); }
TEST_F(BlackOutTest, OfFiveSecondsFromTheDevice) {
  run_through(emulation::Direction::from_device, 5s);
}
// In ./test --all only.
TEST_F(BlackOutTest, LongOfHalfAMinuteBothWays) { run_through(emulation::Direction::both, 30s); }
TEST_F(BlackOutTest, LongOfHalfAMinuteToTheDevice) {
  run_through(emulation::Direction::to_device, 30s);
}
TEST_F(BlackOutTest, LongOfHalfAMinuteFromTheDevice) {
  run_through(emulation::Direction::from_device, 30s);
}
TEST_F(BlackOutTest, LongOfAMinuteBothWays) { run_through(emulation::Direction::both, 60s); }
TEST_F(BlackOutTest, LongOfAMinuteToTheDevice) {
  run_through(emulation::Direction::to_device, 60s);
}

TEST_F(BlackOutTest, LongOfAMinuteFromTheDevice) {
  run_through(emulation::Direction::from_device, 60s);
}

TEST_F(BlackOutTest, OfAllDevicesIsWaitedFor) {
  start_emulated(three_devices({.bandwidth = BytesPerSecond(5e6)}), plans(), {.comeback = 30s});
  ASSERT_EQ(feed_->run(10), "");
  for (const DeviceId device : {DeviceId(0), DeviceId(1), DeviceId(2)}) {
    ASSERT_TRUE(host_->network()->cut(device));
  }
  std::jthread mender([&] {
    std::this_thread::sleep_for(5s);
    for (const DeviceId device : {DeviceId(0), DeviceId(1), DeviceId(2)}) {
      EXPECT_TRUE(host_->network()->mend(device));
    }
  });
  EXPECT_EQ(feed_->run(30), "");
}

TEST_F(BlackOutTest, ALinkAtOnePercentCostsNoRequestWhereThereIsNoOtherWay) {
  start_emulated(three_devices({.bandwidth = BytesPerSecond(5e6)}),
                 {plan({"phone", "tablet", "laptop"}, 0.01)}, {.request_timeout = 120s});
  ASSERT_EQ(feed_->run(5), "");
  ASSERT_TRUE(host_->network()->set_rate(DeviceId(0), DeviceId(1), BytesPerSecond(5e4)));
  std::jthread mender([&] {
    std::this_thread::sleep_for(6s);
    EXPECT_TRUE(host_->network()->set_rate(DeviceId(0), DeviceId(1), BytesPerSecond(5e6)));
  });
  EXPECT_EQ(feed_->run(20, 120s), "");
}

TEST_F(BlackOutTest, ALinkThatStaysAtOnePercentIsDoneWithout) {
  start_emulated(three_devices({.bandwidth = BytesPerSecond(5e6)}), plans());
  ASSERT_EQ(feed_->run(after(6s, [] {})), "");
  ASSERT_TRUE(host_->network()->set_rate(DeviceId(0), DeviceId(1), BytesPerSecond(5e4)));
  EXPECT_EQ(feed_->run([&] { return pipeline_->plan() != 0; }), "");
  EXPECT_EQ(feed_->run(30), "");
}

// Workers at addresses of their own, over encrypted links: this test starts, ends and starts them
// again.
class ComingAndGoingTest : public FailureTest {
 protected:
  void SetUp() override {
    FailureTest::SetUp();
    if (IsSkipped()) return;
    make_keys_of_all(keys_);
  }
  void TearDown() override {
    FailureTest::TearDown();
    workers_.clear();
    for (const auto& folder : mounted_) ::umount2(folder.c_str(), MNT_DETACH);
    std::filesystem::remove_all(folder_ / "caches");
    std::filesystem::remove_all(keys_);
  }
  void start_worker(const std::string& device) {
    const int port = ports_.try_emplace(device, free_port()).first->second;
    workers_.insert_or_assign(
        device, emulation::ChildProcess::start(
                    {.arguments = {CONVOY_PROGRAM, "worker", "--name", device, "--listen",
                                   fmt::format("tcp://127.0.0.1:{}", port), "--keys",
                                   (keys_ / device).string(), "--cache",
                                   (folder_ / "caches" / device).string()}})
                    .value());
  }
  void kill_worker(const std::string& device) {
    ::kill(workers_.at(device).id(), SIGKILL);
    comes_true([&] { return workers_.at(device).status().has_value(); });
  }
  void start(runtime::PipelineOptions options = {}) {
    fleet::Fleet fleet = three_devices();
    for (fleet::Device& device : fleet.devices) {
      const int port = ports_.try_emplace(device.name, free_port()).first->second;
      device.address = fmt::format("tcp://127.0.0.1:{}", port);
    }
    host_ = good(emulation::make_local_host(
        fleet, {.program = CONVOY_PROGRAM, .keys = keys_ / "us"}, emulation::MemoryLimit::ignored));
    FailureTest::start(fleet, plans(), options);
  }
  void start_workers() {
    for (const char* device : {"phone", "tablet", "laptop"}) start_worker(device);
  }

  std::filesystem::path keys_ = folder_ / "keys";
  std::map<std::string, int> ports_;
  std::map<std::string, emulation::ChildProcess> workers_;
  std::vector<std::filesystem::path> mounted_;
};

TEST_F(ComingAndGoingTest, ANewcomerIsUsedOnceItHasBeenThereForAWhile) {
  start_worker("phone");
  start_worker("tablet");
  start();
  EXPECT_EQ(pipeline_->plan(), 3u);
  ASSERT_EQ(feed_->run(20), "");
  start_worker("laptop");
  EXPECT_EQ(feed_->run([&] { return pipeline_->plan() == 0; }), "");
  EXPECT_EQ(feed_->run(30), "");
}

TEST_F(ComingAndGoingTest, TheLastDeviceIsWaitedForAndRequestsGoOnWhenItIsBack) {
  start_workers();
  start({.comeback = 30s});
  ASSERT_EQ(feed_->run(10), "");
  kill_worker("phone");
  kill_worker("tablet");
  EXPECT_EQ(feed_->run(10), "");
  kill_worker("laptop");
  std::jthread starter([&] {
    std::this_thread::sleep_for(2s);
    start_worker("laptop");
  });
  EXPECT_EQ(feed_->run(20), "");
  EXPECT_EQ(pipeline_->plan(), 6u);
}

TEST_F(ComingAndGoingTest, RequestsEndAtTheirDeadlineWhenNobodyComesBack) {
  start_workers();
  start({.request_timeout = 1.5s, .comeback = 4s});
  ASSERT_EQ(feed_->run(5), "");
  for (const char* device : {"phone", "tablet", "laptop"}) kill_worker(device);
  ASSERT_TRUE(pipeline_->submit(inputs_of(*split_, 0)));
  const auto late = pipeline_->next(20s);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr(": not answered within 1.50 s"));
  const auto end = pipeline_->next(20s);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::lost);
  EXPECT_THAT(end.error().message, HasSubstr("device phone"));
}

TEST_F(ComingAndGoingTest, ADeviceThatFlapsIsLeftAlone) {
  start_workers();
  start();
  std::jthread flapping([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      kill_worker("tablet");
      std::this_thread::sleep_for(1s);
      start_worker("tablet");
      std::this_thread::sleep_for(1s);
    }
  });
  EXPECT_EQ(feed_->run(after(12s, [] {})), "");
  flapping.request_stop();
  flapping.join();
  // It was never there for long enough to be used again.
  expect_recovered(1);
}

TEST_F(ComingAndGoingTest, ADeviceWhoseDiskIsFullIsDoneWithout) {
  const auto cache = folder_ / "caches" / "tablet";
  std::filesystem::create_directories(cache);
  if (::mount("tmpfs", cache.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "only root can make a small disk";
  }
  mounted_.push_back(cache);
  start_workers();
  start();
  EXPECT_EQ(pipeline_->plan(), 1u);
  EXPECT_EQ(feed_->run(20), "");
}

}  // namespace
}  // namespace convoy
