// Pipelines over workers that are threads of this process, without any limits. tests/ has the same
// with processes.
#include "runtime/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <thread>

#include "foundation/file_descriptor.h"
#include "foundation/sha256.h"
#include "onnx/tensor.h"
#include "runtime/remote_worker.h"
#include "runtime/sockets.h"
#include "runtime/worker.h"

namespace convoy::runtime {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

// ONNX's own one-node models: their ports are called x, y and sum, so that they chain.
const std::filesystem::path kModels = "/usr/share/libonnx-testdata/data/node";

// Takes one connection and closes it, as a worker that is going does.
void hang_up_on_one(const std::string& path) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ::close(::accept(listener, nullptr, nullptr));
  ::close(listener);
}

class ThreadHost : public WorkerHost {
 public:
  ThreadHost() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ThreadHost() override {
    stop_all();
    std::filesystem::remove_all(folder_);
  }

  Result<Worker> start(const fleet::Device& device) override {
    const std::string base = "ipc://" + (folder_ / device.name).string();
    if (!threads_.contains(device.name)) {
      threads_.emplace(device.name, std::thread([this, base, name = device.name] {
                         if (hangs_up_first) hang_up_on_one(folder_ / name);
                         const auto served =
                             serve({.name = name,
                                    .listen = base,
                                    .cache = folder_ / (name + ".cache"),
                                    .paced = {.input = name == "phone" ? phones_links : -1}});
                         EXPECT_TRUE(served) << served.error().message;
                       }));
    }
    return Worker{.endpoint = *parse_endpoint(base), .session = session};
  }
  std::optional<std::string> obituary(const std::string& device) override {
    const auto found = obituaries.find(device);
    return found == obituaries.end() ? std::nullopt : std::optional(found->second);
  }
  void stop_all() override {
    obituaries.clear();
    for (auto& [name, thread] : threads_) {
      zmq::context_t context(1);
      auto worker = RemoteWorker::start(context, {.name = name}, *this, {});
      const auto soon = std::chrono::steady_clock::now() + 10s;
      wire::Request exit;
      exit.mutable_exit();
      EXPECT_TRUE(worker && worker->greet(soon) && worker->ask(exit, soon));
      thread.join();
    }
    threads_.clear();
  }
  std::string description() const override { return "threads"; }

  std::map<std::string, std::string> obituaries;
  int phones_links = -1;
  std::uint64_t session = 1;
  bool hangs_up_first = false;

 private:
  std::filesystem::path folder_;
  std::map<std::string, std::thread> threads_;
};

fleet::Fleet fleet_of(const std::vector<std::string>& names, fleet::Link link = {}) {
  fleet::Fleet fleet;
  for (const std::string& name : names) fleet.devices.push_back({.name = name});
  fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(
      names.size(), ById<DeviceId, fleet::Link>(names.size(), link));
  return fleet;
}

onnx::SubModel part(const std::string& model, std::string device, std::vector<std::string> inputs,
                    std::vector<std::string> outputs) {
  const std::string file = model + "/model.onnx";
  return {.file = file,
          .device = std::move(device),
          .inputs = std::move(inputs),
          .outputs = std::move(outputs),
          .sha256 = sha256_of(kModels / file).value()};
}

// sum = x + |x|, the second device reading x as well.
onnx::SplitMap two_stages(const std::string& first = "phone", const std::string& second = "tablet") {
  return {.inputs = {"x"},
          .outputs = {"sum"},
          .sub_models = {part("test_abs", first, {"x"}, {"y"}),
                         part("test_add", second, {"x", "y"}, {"sum"})}};
}

engine::SharedTensor filled(float value, onnx::ElementType type = onnx::ElementType::float32) {
  onnx::Tensor tensor{.type = type, .dims = {3, 4, 5}, .data = std::vector<std::byte>(60 * 4)};
  for (std::size_t i = 0; i < 60; ++i) std::memcpy(tensor.data.data() + 4 * i, &value, 4);
  return engine::share(std::move(tensor));
}

float last_of(const engine::SharedTensor& tensor) {
  float value = 0;
  EXPECT_EQ(tensor.data.size(), 240u);
  std::memcpy(&value, tensor.data.data() + 236, 4);
  return value;
}

class PipelineTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kModels)) GTEST_SKIP() << "no ONNX test data installed";
  }
  Result<Pipeline> start(const onnx::SplitMap& map, PipelineOptions options = {}) {
    return Pipeline::start({{kModels, map}}, fleet_, host_, options);
  }

  fleet::Fleet fleet_ = fleet_of({"phone", "tablet"});
  FileDescriptor told_;  // outlives the workers
  ThreadHost host_;
};

TEST_F(PipelineTest, ComputesAcrossDevicesAndAnswersInOrder) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  std::vector<std::uint64_t> order;
  const auto done = run_all(
      *pipeline, 200,
      [](std::size_t i) -> Result<std::vector<engine::SharedTensor>> {
        return std::vector{filled(static_cast<float>(i))};
      },
      [&](Answer answer) {
        order.push_back(answer.request);
        EXPECT_EQ(last_of(answer.outputs.at(0)), 2.0f * static_cast<float>(answer.request));
        EXPECT_GT(answer.latency, 0s);
      },
      nullptr);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_THAT(order, SizeIs(200));
  EXPECT_TRUE(std::ranges::is_sorted(order));

  const auto report = pipeline->report();
  ASSERT_TRUE(report);
  ASSERT_THAT(*report, SizeIs(2));
  EXPECT_EQ((*report)[0].device, "phone");
  EXPECT_EQ((*report)[0].requests, 200u);
  EXPECT_EQ((*report)[0].sent, Bytes(200 * 240));
  EXPECT_EQ((*report)[1].sent, Bytes(0));
  EXPECT_EQ((*report)[1].dropped.messages(), 0u);
  EXPECT_GT((*report)[1].peak_memory, Bytes(1'000'000));

  const auto intervals = pipeline->busy_intervals();
  ASSERT_TRUE(intervals);
  ASSERT_THAT(*intervals, SizeIs(400));
  for (const BusyInterval& interval : *intervals) {
    EXPECT_LE(0, interval.start_s);
    EXPECT_LE(interval.start_s, interval.end_s);
  }
}

TEST_F(PipelineTest, RunsSeveralStagesOnOneDevice) {
  auto pipeline = start(two_stages("phone", "phone"));
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  ASSERT_TRUE(pipeline->submit({filled(-3)}));
  const auto answer = pipeline->next(5s);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(last_of((*answer)->outputs[0]), 0);
  EXPECT_EQ((*pipeline->report())[0].sent, Bytes(0));
}

TEST_F(PipelineTest, TakesNoMoreThanItsWindow) {
  auto pipeline = start(two_stages(), {.in_flight = 2});
  ASSERT_TRUE(pipeline);
  ASSERT_TRUE(pipeline->submit({filled(1)}));
  EXPECT_FALSE(pipeline->full());
  ASSERT_TRUE(pipeline->submit({filled(2)}));
  EXPECT_TRUE(pipeline->full());
  ASSERT_TRUE(*pipeline->next(5s));
  EXPECT_FALSE(pipeline->full());
}

TEST_F(PipelineTest, AnswersAWrongInputWithAnErrorInItsPlaceAndGoesOn) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  ASSERT_TRUE(pipeline->submit({filled(1)}));
  ASSERT_TRUE(pipeline->submit({filled(2, onnx::ElementType::int32)}));
  ASSERT_TRUE(pipeline->submit({filled(3)}));
  EXPECT_EQ(last_of((*pipeline->next(5s))->outputs[0]), 2);
  const auto wrong = pipeline->next(5s);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::input);
  EXPECT_THAT(wrong.error().message, HasSubstr("request 1: device phone: "));
  EXPECT_EQ(last_of((*pipeline->next(5s))->outputs[0]), 6);
}

TEST_F(PipelineTest, WaitsNoLongerThanItIsTold) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  const auto answer = pipeline->next(0.05s);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer);
}

TEST_F(PipelineTest, StopsWhenItIsTold) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  int answers = 0;
  const auto done = run_all(
      *pipeline, 1000,
      [](std::size_t) -> Result<std::vector<engine::SharedTensor>> { return std::vector{filled(1)}; },
      [&](const Answer&) { ++answers; }, [&] { return answers == 5; });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(done.error().message, "stopped after 5 of 1000 requests");
}

TEST_F(PipelineTest, RunsAgainAfterARunThatFailed) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  const auto run = [&](float value, std::size_t fails_at) {
    return run_all(
        *pipeline, 20,
        [&](std::size_t i) -> Result<std::vector<engine::SharedTensor>> {
          if (i == fails_at) return fail(ErrorKind::input, "no such photo");
          return std::vector{filled(value)};
        },
        [&](const Answer& answer) { EXPECT_EQ(last_of(answer.outputs.at(0)), 2 * value); }, nullptr);
  };
  EXPECT_FALSE(run(1, 4));
  const auto again = run(2, 20);
  EXPECT_TRUE(again) << again.error().message;
}

TEST_F(PipelineTest, StandsAConnectionThatFailsBeforeTheWorkerAnswers) {
  host_.hangs_up_first = true;
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  ASSERT_TRUE(pipeline->submit({filled(1)}));
  EXPECT_TRUE(*pipeline->next(5s));
}

TEST_F(PipelineTest, FollowsAnotherOnTheSameWorkersEvenWithRequestsUnderway) {
  for (int round = 0; round < 5; ++round) {
    auto pipeline = start(two_stages());
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    while (!pipeline->full()) ASSERT_TRUE(pipeline->submit({filled(static_cast<float>(round))}));
    const auto answer = pipeline->next(5s);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(last_of((*answer)->outputs[0]), 2.0f * static_cast<float>(round));
  }
}

TEST_F(PipelineTest, TellsAPipelineWhoseWorkersAnotherOneTook) {
  auto first = start(two_stages());
  auto second = start(two_stages());
  ASSERT_TRUE(first && second);
  const auto report = first->report();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::lost);
  EXPECT_THAT(report.error().message, HasSubstr(": it is not yours: say hello first"));
  ASSERT_TRUE(second->submit({filled(1)}));
  EXPECT_TRUE(*second->next(5s));
}

TEST_F(PipelineTest, PacesLinksThatAreOnlyImagined) {
  // 240 bytes at 4,800 bytes/s: 50 ms each, and 100 ms on the way.
  fleet_ = fleet_of({"phone", "tablet"});
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  told_ = FileDescriptor(ends[0]);
  const FileDescriptor telling(ends[1]);
  constexpr std::string_view kLine = "0 4800 0.1 tablet\n";
  ASSERT_EQ(::write(telling.get(), kLine.data(), kLine.size()), std::ssize(kLine));
  host_.phones_links = told_.get();
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(pipeline->submit({filled(1)}));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(*pipeline->next(5s));
  const Seconds took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, 0.3s);
  EXPECT_LE(took, 0.6s);
}

TEST_F(PipelineTest, SaysWhatBecameOfALostDeviceAndKeepsSayingIt) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  host_.obituaries["tablet"] = "was killed: out of memory (limit 256 MB)";
  for (int i = 0; i < 2; ++i) {
    const auto answer = pipeline->next(5s);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::lost);
    EXPECT_EQ(answer.error().message,
              "device tablet was killed: out of memory (limit 256 MB)");
    EXPECT_FALSE(pipeline->submit({filled(1)}));
    EXPECT_FALSE(pipeline->report());
  }
}

TEST_F(PipelineTest, RefusesWhatCannotBeLoaded) {
  const auto message = [&](const onnx::SplitMap& map) {
    const auto pipeline = start(map, {.load_timeout = 5s});
    return pipeline ? "" : pipeline.error().message;
  };
  onnx::SplitMap map = two_stages("phone", "tablett");
  EXPECT_EQ(message(map),
            "map.json: device \"tablett\" is not among the devices; did you mean \"tablet\"?");
  map = two_stages();
  map.sub_models[1].file = "missing.onnx";
  EXPECT_THAT(message(map), HasSubstr("missing.onnx: cannot read"));
  map = two_stages();
  map.sub_models[1].sha256 = std::string(64, 'a');
  EXPECT_THAT(message(map), HasSubstr("device tablet: the model that arrived has the hash"));
  map = two_stages();
  map.outputs = {"total"};
  map.sub_models[1].outputs = {"total"};
  EXPECT_EQ(message(map),
            "load: device tablet: the sub-model has no output \"total\", which its map.json lists");
  map = two_stages();
  map.sub_models[1].inputs = {"y"};
  EXPECT_EQ(message(map),
            "load: device tablet: the sub-model reads \"x\", which its map.json does not list");
}

TEST_F(PipelineTest, DropsNonsenseAndGoesOn) {
  auto pipeline = start(two_stages());
  ASSERT_TRUE(pipeline);
  zmq::context_t context(1);
  const auto phone = host_.start({.name = "phone"});
  for (const std::string& endpoint : {phone->endpoint.control, phone->endpoint.data}) {
    zmq::socket_t stranger = make_socket(context, zmq::socket_type::dealer);
    stranger.set(zmq::sockopt::linger, 1000);
    ASSERT_TRUE(connect(stranger, endpoint));
    for (const std::string& nonsense : {std::string(), std::string("\xff\xff\xff"),
                                        std::string(1000, '\x0a')}) {
      Parts parts;
      parts.emplace_back(nonsense);
      parts.emplace_back(std::string("more"));
      send(stranger, std::move(parts));
    }
  }
  ASSERT_TRUE(pipeline->submit({filled(2)}));
  const auto answer = pipeline->next(5s);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(last_of((*answer)->outputs[0]), 4);
  // An empty message is a request without content, of somebody who did not say hello; none of the
  // others is one of ours.
  Drops dropped;
  for (int i = 0; i < 100 && dropped.messages() < 6; ++i) {
    const auto report = pipeline->report();
    ASSERT_TRUE(report);
    dropped = report->front().dropped;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(dropped.malformed, 5u);
  EXPECT_EQ(dropped.untimely, 1u);
}

TEST_F(PipelineTest, DoesNotTakeWorkersFromAnotherCoordinator) {
  auto first = start(two_stages());
  ASSERT_TRUE(first) << first.error().message;
  host_.session = 2;
  const auto second = start(two_stages());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr(": in use by process "));
  ASSERT_TRUE(first->submit({filled(1)}));
  EXPECT_TRUE(*first->next(5s));
  first = fail(ErrorKind::cancelled, "over");
  EXPECT_TRUE(start(two_stages()));
}

}  // namespace
}  // namespace convoy::runtime
