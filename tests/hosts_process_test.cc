// Workers at addresses of their own, over tcp, with keys: real processes on this host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "emulation/child_process.h"
#include "emulation/local_host.h"
#include "foundation/file.h"
#include "foundation/sha256.h"
#include "keys.h"
#include "messages.pb.h"
#include "runtime/key_folder.h"
#include "runtime/pipeline.h"
#include "runtime/real_device.h"
#include "runtime/remote_worker.h"
#include "runtime/sockets.h"
#include "runtime/wire.h"
#include "tcp_relay.h"
#include "three_parts.h"

namespace convoy {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

std::string address_of(int port) { return fmt::format("tcp://127.0.0.1:{}", port); }

class HostsProcessTest : public ThreePartsTest {
 protected:
  // The coordinator, "us", and the three devices all trust each other, in folders of their own.
  void SetUp() override {
    if (!split_) GTEST_SKIP() << "no ONNX test data installed";
    keys_ = folder_ / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    make_keys_of_all(keys_);
  }
  void TearDown() override {
    workers_.clear();
    std::filesystem::remove_all(keys_);
  }

  runtime::KeyFolder keys(const std::string& of) {
    return good(runtime::KeyFolder::open(keys_ / of));
  }
  std::filesystem::path log_of(const std::string& device) { return keys_ / (device + ".log"); }
  std::string log(const std::string& device) { return read_file(log_of(device)).value_or(""); }

  // `convoy worker`, ready.
  void start_worker(const std::string& device, const std::string& keys = "") {
    const int port = ports_.try_emplace(device, free_port()).first->second;
    std::vector<std::string> words = {
        "/bin/sh", "-c",
        fmt::format("exec '{}' worker --name {} --listen {} --keys '{}' --cache '{}' 2>'{}'",
                    CONVOY_PROGRAM, device, address_of(port),
                    keys.empty() ? (keys_ / device).string() : keys,
                    (keys_ / device / "cache").string(), log_of(device).string())};
    workers_.insert_or_assign(device, emulation::ChildProcess::start({.arguments = words}).value());
    ASSERT_TRUE(comes_true([&] { return log(device).contains("listens at"); })) << log(device);
  }
  void start_workers() {
    for (const char* device : {"phone", "tablet", "laptop"}) start_worker(device);
  }
  // As Ctrl-C does; what it wrote to its log.
  std::string end_worker(const std::string& device) {
    emulation::ChildProcess& worker = workers_.at(device);
    ::kill(worker.id(), SIGTERM);
    EXPECT_TRUE(comes_true([&] { return worker.status().has_value(); }));
    EXPECT_EQ(worker.status(), 0);
    return log(device);
  }

  fleet::Device device(const std::string& name) {
    return {.name = name, .address = address_of(ports_.at(name))};
  }
  fleet::Fleet fleet() {
    fleet::Fleet fleet;
    for (const char* name : {"phone", "tablet", "laptop"}) fleet.devices.push_back(device(name));
    fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(3, ById<DeviceId, fleet::Link>(3));
    return fleet;
  }
  fleet::Fleet fleet_of_phone() {
    fleet::Fleet fleet;
    fleet.devices.push_back(device("phone"));
    fleet.links = ById<DeviceId, ById<DeviceId, fleet::Link>>(1, ById<DeviceId, fleet::Link>(1));
    return fleet;
  }
  std::unique_ptr<runtime::WorkerHost> host(const fleet::Fleet& fleet,
                                            const std::string& who = "us") {
    std::optional<std::filesystem::path> keys;
    if (who != "none") keys = keys_ / who;
    return good(emulation::make_local_host(fleet, {.program = CONVOY_PROGRAM, .keys = keys},
                                           emulation::MemoryLimit::enforced));
  }
  static Result<runtime::Pipeline> start(const fleet::Fleet& fleet, runtime::WorkerHost& host) {
    return runtime::Pipeline::start({{split_->folder, split_->map}}, fleet, host, {});
  }
  // What starting a pipeline over the three says, as `who`.
  std::string complaint(const fleet::Fleet& fleet, const std::string& who = "us") {
    const auto devices = host(fleet, who);
    const auto pipeline = start(fleet, *devices);
    return pipeline ? "" : pipeline.error().message;
  }
  static Result<void> expect_right_answers(runtime::Pipeline& pipeline, std::size_t count) {
    return convoy::expect_right_answers(*split_, pipeline, count);
  }

  std::filesystem::path keys_;
  std::map<std::string, int> ports_;
  std::map<std::string, emulation::ChildProcess> workers_;
};

TEST_F(HostsProcessTest, GivesTheWholeModelsAnswers) {
  start_workers();
  const auto devices = host(fleet());
  EXPECT_THAT(devices->description(), HasSubstr("phone is real: links as they are"));
  for (int round = 0; round < 2; ++round) {
    auto pipeline = start(fleet(), *devices);
    ASSERT_TRUE(pipeline) << pipeline.error().message;
    const auto done = expect_right_answers(*pipeline, 20);
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(pipeline->report()->at(1).dropped.messages(), 0u);
  }
  EXPECT_THAT(end_worker("tablet"),
              HasSubstr("tablet ends; dropped 0 malformed, 0 untimely and 0 foreign messages; "
                        "refused 0 connections"));
}

TEST_F(HostsProcessTest, RefusesAnUnknownKeyAndLogsIt) {
  start_workers();
  make_keys(keys_, "stranger");
  for (const char* device : {"phone", "tablet", "laptop"}) introduce(keys_, device, "stranger");
  const std::string key = keys("stranger").own().public_key;
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(complaint(fleet(), "stranger"),
                HasSubstr(fmt::format("does not trust the key of this host, {}; right would be "
                                      "convoy keys add there",
                                      key)));
  }
  EXPECT_EQ(complaint(fleet()), "");
  const std::string said = end_worker("phone");
  const std::string line = "refused a connection from 127.0.0.1 (control): unknown key " + key;
  EXPECT_THAT(said, HasSubstr(line));
  EXPECT_EQ(said.find(line, said.find(line) + 1), std::string::npos) << said;  // once in 10 s
}

TEST_F(HostsProcessTest, KnowsADeviceByItsKey) {
  start_workers();
  // Somebody else sits at the phone's address.
  fleet::Fleet swapped = fleet();
  std::swap(swapped.devices[DeviceId(0)].address, swapped.devices[DeviceId(1)].address);
  EXPECT_THAT(complaint(swapped), HasSubstr("does not have the key that is known as "));
  auto us = keys("us");
  good(us.revoke("phone"));
  EXPECT_THAT(complaint(fleet()), HasSubstr("device phone: no key is known as \"phone\" in "));
}

TEST_F(HostsProcessTest, CutsOffARevokedCoordinatorWithinASecond) {
  start_workers();
  make_keys(keys_, "desk");
  introduce(keys_, "desk", "tablet");
  const auto devices = host(fleet());
  auto pipeline = start(fleet(), *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  ASSERT_TRUE(expect_right_answers(*pipeline, 2));
  auto tablet = keys("tablet");
  good(tablet.revoke("us"));
  const auto begin = Clock::now();
  Result<std::optional<runtime::Answer>> answer = pipeline->next(5s);
  EXPECT_LT(Clock::now() - begin, 3s);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, AllOf(HasSubstr("device tablet: the worker at"),
                                            HasSubstr("does not trust the key of this host")));
  pipeline = fail(ErrorKind::cancelled, "over");
  EXPECT_THAT(complaint(fleet()), AllOf(HasSubstr("device tablet: the worker at"),
                                        HasSubstr("does not trust the key of this host")));
  EXPECT_THAT(end_worker("tablet"),
              AllOf(HasSubstr("us is cut off: its key "), HasSubstr("and its key was revoked")));
}

TEST_F(HostsProcessTest, CutsOffARevokedDevice) {
  start_workers();
  const auto devices = host(fleet());
  auto pipeline = start(fleet(), *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  auto us = keys("us");
  good(us.revoke("tablet"));
  const auto answer = pipeline->next(5s);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message,
              HasSubstr("device tablet is cut off: its key is not trusted any more"));
}

TEST_F(HostsProcessTest, RefusesASubModelWithAnotherHash) {
  start_workers();
  const auto devices = host(fleet());
  onnx::SplitMap map = split_->map;
  map.sub_models[1].sha256 = std::string(64, 'a');
  const auto pipeline = runtime::Pipeline::start({{split_->folder, map}}, fleet(), *devices, {});
  ASSERT_FALSE(pipeline);
  EXPECT_EQ(pipeline.error().message,
            fmt::format("load: device tablet: the model that arrived has the hash {} instead of {}",
                        split_->map.sub_models[1].sha256, std::string(64, 'a')));
  EXPECT_EQ(complaint(fleet()), "");  // nothing is left of it
}

TEST_F(HostsProcessTest, SendsADamagedSubModelAgain) {
  start_workers();
  EXPECT_EQ(complaint(fleet()), "");
  const auto file = keys_ / "tablet/cache" / (split_->map.sub_models[1].sha256 + ".onnx");
  std::string contents = read_file(file).value();
  contents[contents.size() / 2] ^= 1;
  ASSERT_TRUE(write_file(file, contents));
  EXPECT_THAT(complaint(fleet()), HasSubstr("device tablet: the model that arrived has the hash"));
  EXPECT_EQ(complaint(fleet()), "");
}

// Reaches a worker by way of a relay.
class RelayedHost : public runtime::WorkerHost {
 public:
  RelayedHost(std::filesystem::path keys, int port) : keys_(std::move(keys)), port_(port) {}
  Result<Worker> start(const fleet::Device& device) override {
    fleet::Device relayed = device;
    relayed.address = address_of(port_);
    return runtime::reach(relayed, keys_, 1);
  }
  std::optional<std::string> obituary(const std::string&) override { return std::nullopt; }
  void stop_all() override {}
  std::string description() const override { return "relayed"; }

 private:
  std::filesystem::path keys_;
  int port_;
};

TEST_F(HostsProcessTest, GoesOnWithATransferWhereTheConnectionWasCut) {
  start_worker("tablet");
  constexpr std::uint64_t kBytes = 24'000'000;
  constexpr std::uint64_t kCut = 8'000'000;
  std::string contents(kBytes, '\0');
  for (std::size_t i = 0; i < contents.size(); ++i) contents[i] = static_cast<char>(i * i >> 7);
  const auto file = keys_ / "large";
  ASSERT_TRUE(write_file(file, contents));
  const runtime::ModelFiles model{.sha256 = sha256_of_text(contents)};

  TcpRelay relay(ports_["tablet"], kCut, 2);
  RelayedHost host(keys_ / "us", relay.port());
  zmq::context_t context(1);
  auto worker = runtime::RemoteWorker::start(context, device("tablet"), host, {});
  ASSERT_TRUE(worker) << worker.error().message;
  const auto greeted = worker->greet(Clock::now() + 5s);
  ASSERT_TRUE(greeted) << greeted.error().message;
  const auto sent = worker->send_model(file, model, 5s);
  EXPECT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(relay.cut(), 2);
  // Twice at most what was under way, a megabyte, and what sockets held, was sent again.
  EXPECT_LT(relay.passed(), kBytes + kCut);
  EXPECT_EQ(read_file(keys_ / "tablet/cache" / (model.sha256 + ".onnx")), contents);
  // A second time there is nothing to send.
  const std::uint64_t before = relay.passed();
  EXPECT_TRUE(worker->send_model(file, model, 5s));
  EXPECT_LT(relay.passed(), before + 100'000);
}

TEST_F(HostsProcessTest, RefusesAWorkerOfAnotherVersion) {
  for (const char* device : {"phone", "tablet", "laptop"}) ports_.emplace(device, free_port());
  zmq::context_t context(1);
  zmq::socket_t other = runtime::make_socket(context, zmq::socket_type::router);
  ASSERT_TRUE(runtime::bind(other, address_of(ports_["phone"])));
  std::thread answers([&] {
    zmq::pollitem_t item{other.handle(), 0, ZMQ_POLLIN, 0};
    runtime::wait({&item, 1}, 5s);
    auto asked = runtime::receive(other);
    runtime::wire::Request request;
    if (!asked || !runtime::parse_part(asked->at(1), request)) return;
    runtime::wire::Answer answer;
    answer.set_id(request.id());
    answer.mutable_welcome()->set_protocol(99);
    answer.mutable_welcome()->set_convoy_version("9.9");
    asked->at(1) = runtime::to_part(answer);
    runtime::send(other, *std::move(asked));
  });
  EXPECT_THAT(
      complaint(fleet(), "none"),
      AllOf(HasSubstr(fmt::format("device phone ({}): there is convoy 9.9 (protocol 99), here "
                                  "is convoy",
                                  address_of(ports_["phone"]))),
            HasSubstr("they must be of one version")));
  answers.join();
}

TEST_F(HostsProcessTest, RefusesACoordinatorOfAnotherVersion) {
  start_worker("phone", "none");
  ASSERT_FALSE(HasFatalFailure());
  zmq::context_t context(1);
  zmq::socket_t other = runtime::make_socket(context, zmq::socket_type::dealer);
  ASSERT_TRUE(runtime::connect(other, address_of(ports_["phone"])));
  runtime::wire::Request hello;
  hello.set_id(1);
  hello.mutable_hello()->set_protocol(99);
  hello.mutable_hello()->set_convoy_version("9.9");
  hello.mutable_hello()->set_who("process 1 on elsewhere");
  runtime::Parts parts;
  parts.push_back(runtime::to_part(hello));
  runtime::send(other, std::move(parts));
  zmq::pollitem_t item{other.handle(), 0, ZMQ_POLLIN, 0};
  runtime::wait({&item, 1}, 5s);
  const auto said = runtime::receive(other);
  ASSERT_TRUE(said);
  runtime::wire::Answer answer;
  ASSERT_TRUE(runtime::parse_part(said->front(), answer));
  EXPECT_THAT(answer.failure().message(), HasSubstr("there is convoy 9.9 (protocol 99), here is"));
  EXPECT_THAT(end_worker("phone"),
              HasSubstr("refused process 1 on elsewhere at 127.0.0.1: there is convoy 9.9"));
}

TEST_F(HostsProcessTest, IsOneCoordinatorsAtATimeAndFreesItselfWhenThatOneDies) {
  start_workers();
  make_keys(keys_, "desk");
  for (const char* device : {"phone", "tablet", "laptop"}) {
    introduce(keys_, "desk", device);
    introduce(keys_, device, "desk");
  }
  std::string devices = "devices:\n";
  for (const auto& [name, port] : ports_) {
    devices += fmt::format("  - {{name: {}, address: \"{}\"}}\n", name, address_of(port));
  }
  ASSERT_TRUE(write_file(keys_ / "devices.yaml", devices));
  auto first =
      emulation::ChildProcess::start(
          {.arguments = {CONVOY_PROGRAM, "run", split_->folder, "--devices", keys_ / "devices.yaml",
                         "--keys", keys_ / "desk", "--requests", "1000000"}})
          .value();
  ASSERT_TRUE(comes_true([&] { return log("laptop").contains("in use by desk"); }))
      << first.last_words();
  EXPECT_THAT(complaint(fleet()),
              HasSubstr(fmt::format(": in use by desk, process {} on ", first.id())));
  EXPECT_EQ(first.status(), std::nullopt);
  ::kill(first.id(), SIGKILL);
  const auto begin = Clock::now();
  ASSERT_TRUE(comes_true([&] { return complaint(fleet()).empty(); }));
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_THAT(end_worker("phone"),
              AllOf(HasSubstr("refused us, process "), HasSubstr("in use by us")));
}

TEST_F(HostsProcessTest, FreesItselfOfACoordinatorThatDied) {
  start_worker("phone");
  {
    zmq::context_t context(1);
    const auto devices = host(fleet_of_phone());
    auto worker = runtime::RemoteWorker::start(context, device("phone"), *devices, {});
    ASSERT_TRUE(worker && worker->greet(Clock::now() + 5s));
  }  // without a word
  EXPECT_TRUE(comes_true([&] { return log("phone").contains("free again: us, process "); }, 5s));
}

TEST_F(HostsProcessTest, SaysSoonThatNobodyAnswers) {
  for (const char* device : {"phone", "tablet", "laptop"}) ports_.emplace(device, free_port());
  const auto begin = Clock::now();
  EXPECT_EQ(
      complaint(fleet()),
      fmt::format("device phone: nobody answers at {}; is convoy worker running there, and the way "
                  "to it open?",
                  address_of(ports_["phone"])));
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST_F(HostsProcessTest, StandsAnyBytesAtItsPorts) {
  start_workers();
  const auto devices = host(fleet());
  auto pipeline = start(fleet(), *devices);
  ASSERT_TRUE(pipeline) << pipeline.error().message;
  // ZMTP 3.1 with the mechanism that asks for nothing.
  const std::string greeting =
      std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\1", 12) + "NULL" + std::string(48, '\0');
  for (const int port : {ports_["phone"], ports_["phone"] + 1}) {
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\xff'), greeting,
          greeting + std::string("\6\xff\xff\xff\xff\xff\xff\xff\xff", 9), std::string(10, '\0')}) {
      const int socket = connect_loopback(port);
      ASSERT_GE(socket, 0);
      (void)::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(socket);
    }
  }
  ASSERT_TRUE(expect_right_answers(*pipeline, 5));
  pipeline = fail(ErrorKind::cancelled, "over");
  const std::string said = end_worker("phone");
  EXPECT_THAT(said, HasSubstr("dropped 0 malformed, 0 untimely and 0 foreign messages"));
  EXPECT_THAT(said, Not(HasSubstr("refused 0 connections")));
}

TEST_F(HostsProcessTest, DropsMalformedAndRepeatedMessagesOfACoordinatorAndSaysHowMany) {
  start_worker("phone");
  const auto devices = host(fleet_of_phone());
  const auto reached = good(devices->start(device("phone")));
  zmq::context_t context(1);
  zmq::socket_t ours = runtime::make_socket(context, zmq::socket_type::dealer);
  runtime::secure_client(ours, *reached.own, reached.server_key);
  ASSERT_TRUE(runtime::connect(ours, reached.endpoint.control));
  const auto tell = [&](const runtime::wire::Request& request, std::vector<std::string> more = {}) {
    runtime::Parts parts;
    parts.push_back(runtime::to_part(request));
    for (const std::string& each : more) parts.emplace_back(each);
    runtime::send(ours, std::move(parts));
  };
  runtime::wire::Request hello;
  hello.set_id(1);
  hello.mutable_hello()->set_protocol(runtime::kProtocol);
  hello.mutable_hello()->set_runtime_version(engine::runtime_version());
  tell(hello);
  runtime::wire::Request clock;
  clock.set_id(2);
  clock.mutable_clock();
  tell(clock);
  tell(clock);  // repeated
  runtime::wire::Request chunk;
  chunk.set_id(3);
  chunk.mutable_chunk()->set_sha256(std::string(64, 'a'));
  tell(chunk, {std::string(2'000'000, 'x')});  // was not offered, and is too large
  runtime::Parts nonsense;
  nonsense.emplace_back(std::string("\xff\xff\xff"));
  runtime::send(ours, std::move(nonsense));
  runtime::wire::Request start;
  start.set_id(4);
  start.mutable_start()->set_epoch(1);  // with no window
  tell(start);
  int answers = 0;
  ASSERT_TRUE(comes_true([&] {
    while (const auto parts = runtime::receive(ours)) {
      runtime::wire::Answer answer;
      if (runtime::parse_part(parts->front(), answer) && answer.id() != 0) ++answers;
    }
    return answers == 4;
  })) << answers;
  EXPECT_THAT(end_worker("phone"),
              HasSubstr("dropped 2 malformed, 2 untimely and 0 foreign messages"));
}

TEST_F(HostsProcessTest, HoldsToWhatDevicesYamlSaysOrRefuses) {
  start_workers();
  fleet::Fleet devices = fleet();
  devices.devices[DeviceId(1)].cores = 0.5;
  EXPECT_THAT(complaint(devices), HasSubstr("a real device cannot be held to 0.5 cores"));
  devices.devices[DeviceId(1)].cores = 1000;
  EXPECT_THAT(complaint(devices), HasSubstr("start its worker with --threads 1000"));
  devices.devices[DeviceId(1)].cores = 1;
  devices.devices[DeviceId(1)].memory = Bytes(100'000'000);
  EXPECT_THAT(host(devices)->description(),
              HasSubstr("tablet is real: links as they are, memory planned with but not limited"));
  EXPECT_EQ(complaint(devices), "");
}

TEST_F(HostsProcessTest, SaysThatAPeerCannotBeReached) {
  start_workers();
  fleet::Fleet mixed = fleet();
  mixed.devices[DeviceId(1)].address.clear();
  EXPECT_THAT(complaint(mixed), HasSubstr("device phone would send tensors to device tablet, but "
                                          "tablet is emulated here"));
}

TEST_F(HostsProcessTest, GoesWithoutKeysOnThisHostOnly) {
  for (const char* device : {"phone", "tablet", "laptop"}) start_worker(device, "none");
  EXPECT_EQ(complaint(fleet(), "none"), "");
  EXPECT_THAT(complaint(fleet()), HasSubstr("or is no convoy worker with keys"));
  fleet::Fleet elsewhere = fleet();
  elsewhere.devices[DeviceId(0)].address = "tcp://192.0.2.1:7700";
  EXPECT_THAT(complaint(elsewhere, "none"),
              HasSubstr("tcp://192.0.2.1:7700 is another host, which is only reached with keys"));
}

}  // namespace
}  // namespace convoy
