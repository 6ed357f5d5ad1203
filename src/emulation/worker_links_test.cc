#include "emulation/worker_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "emulation/child_process.h"

namespace convoy::emulation {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

const DeviceId a(0), b(1), c(2);

class WorkerLinksTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"a", "b", "c"}) fleet_.devices.push_back({.name = name});
    links_.emplace(fleet_);
  }
  // A worker of `a`; it only sleeps.
  void attach() {
    auto worker = ChildProcess::start({.arguments = {"/bin/sleep", "600"}});
    ASSERT_TRUE(worker) << worker.error().message;
    worker_.emplace(*std::move(worker));
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    input_ = FileDescriptor(ends[0]);
    text_.clear();
    since_s_ = 0;
    ASSERT_TRUE(links_->attach(a, FileDescriptor(ends[1]), open_process(worker_->id())));
  }
  // What has come since, without the times; these do not go back.
  std::vector<std::string> told() {
    std::array<char, 65536> buffer;
    for (ssize_t size = 0;
         (size = ::recv(input_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    std::vector<std::string> lines;
    for (auto end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
      const auto space = text_.find(' ');
      const double since_s = std::stod(text_.substr(0, space));
      EXPECT_GE(since_s, since_s_);
      since_s_ = since_s;
      lines.push_back(text_.substr(space + 1, end - space - 1));
      text_.erase(0, end + 1);
    }
    return lines;
  }
  // Its state, as /proc says: S for asleep, T for stopped.
  bool becomes(char state) const {
    for (int i = 0; i < 500; ++i) {
      std::ifstream file("/proc/" + std::to_string(worker_->id()) + "/stat");
      std::string word;
      file >> word >> word >> word;
      if (word == std::string(1, state)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  fleet::Fleet fleet_;
  std::optional<WorkerLinks> links_;
  std::optional<ChildProcess> worker_;
  FileDescriptor input_;
  std::string text_;
  double since_s_ = 0;
};

TEST_F(WorkerLinksTest, AWorkerIsToldItsLinksAndWhatChanges) {
  ASSERT_TRUE(links_->set(a, b, {.rate = BytesPerSecond(1000)}));
  ASSERT_TRUE(links_->set(b, c, {.rate = BytesPerSecond(7)}));
  attach();
  EXPECT_THAT(told(), ElementsAre("1000 0 b"));
  ASSERT_TRUE(links_->set(a, b, {.rate = BytesPerSecond(1000)}));
  ASSERT_TRUE(links_->set(a, c, {.latency = Seconds(0.5), .is_cut = true}));
  ASSERT_TRUE(links_->set(a, c, {.is_cut = true}));
  EXPECT_THAT(told(), ElementsAre("cut c"));
  // And so is the next.
  attach();
  EXPECT_THAT(told(), UnorderedElementsAre("1000 0 b", "cut c"));
}

TEST_F(WorkerLinksTest, AWorkerIsToldNothingThatItCouldNotRead) {
  attach();
  ASSERT_TRUE(links_->set(a, b, {.rate = BytesPerSecond(0.1)}));
  ASSERT_TRUE(links_->set(a, c, {.latency = Seconds(1e6)}));
  EXPECT_THAT(told(), ElementsAre("cut b", "0 3600 c"));
}

TEST_F(WorkerLinksTest, AWorkerThatDoesNotListenIsToldTheLastOfItLater) {
  attach();
  for (int i = 1; i <= 100'000; ++i) {
    ASSERT_TRUE(links_->set(a, b, {.rate = BytesPerSecond(i)}));
  }
  EXPECT_NE(told().back(), "100000 0 b");
  ASSERT_TRUE(links_->set(a, b, {.rate = BytesPerSecond(100'000)}));  // as it is already
  EXPECT_EQ(told().back(), "100000 0 b");
}

TEST_F(WorkerLinksTest, WhoIsOutOfReachStandsStill) {
  attach();
  EXPECT_TRUE(becomes('S'));
  ASSERT_TRUE(links_->set_reachable(a, false));
  EXPECT_TRUE(becomes('T'));
  ASSERT_TRUE(links_->set_reachable(a, true));
  EXPECT_TRUE(becomes('S'));
  ASSERT_TRUE(links_->set_reachable(a, false));
  attach();
  EXPECT_TRUE(becomes('T'));
}

TEST_F(WorkerLinksTest, AWorkerThatHasEndedIsLeftAlone) {
  attach();
  worker_.reset();
  EXPECT_TRUE(links_->set_reachable(a, false));
  input_ = FileDescriptor();
  EXPECT_TRUE(links_->set(a, b, {.latency = Seconds(1)}));
}

}  // namespace
}  // namespace convoy::emulation
