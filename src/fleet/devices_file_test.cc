#include "fleet/devices_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace convoy::fleet {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class DevicesFileTest : public testing::Test {
 protected:
  ~DevicesFileTest() override { std::filesystem::remove_all(folder_); }

  Result<DevicesFile> read(const std::string& content) {
    std::filesystem::create_directories(folder_);
    std::ofstream(file()) << content;
    return read_devices(file());
  }
  // What follows the folder in the message: "devices.yaml:3: ...".
  std::string error(const std::string& content) {
    const Result<DevicesFile> result = read(content);
    if (result) return "no error";
    EXPECT_EQ(result.error().kind, ErrorKind::input);
    const std::string start = folder_.string() + "/";
    EXPECT_THAT(result.error().message, testing::StartsWith(start));
    return result.error().message.substr(start.size());
  }
  std::filesystem::path file() const { return folder_ / "devices.yaml"; }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("convoy_devices_" + std::to_string(::getpid()));
};

std::filesystem::path ianvs_examples() {
  const char* const set = std::getenv("CONVOY_FIXTURES");
  return std::filesystem::path(set != nullptr ? set : CONVOY_SOURCE_DIR "/../shared/fixtures") /
         "ianvs/examples/imagenet/multiedge_inference_bench/testalgorithms";
}

constexpr std::string_view kTwoDevices = R"(devices:
  - {name: phone, memory: 512 MiB, bandwidth: 40 Mbit/s}
  - {name: laptop, memory: 4 GB, bandwidth: 100 Mbit/s}
)";

std::string two_devices_and(std::string_view rest) {
  return std::string(kTwoDevices) + std::string(rest);
}

TEST_F(DevicesFileTest, ReadsEverythingADeviceCanHave) {
  const auto result = read(R"(devices:
  - name: board
    type: single-board computer
    memory: 512 MiB
    freq: 1500 MHz
    bandwidth: 40 Mbit/s
    cores: 0.5
    flops: 8 GFLOP/s
    memory_bandwidth: 3.2 GB/s
    power: {idle: 1.5 W, busy: 4500 mW}
    provider: cpu
    address: tcp://10.0.0.7:5700
)");
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_THAT(result->fleet.devices, SizeIs(1));
  const Device& board = result->fleet.devices[DeviceId(0)];
  EXPECT_EQ(board.name, "board");
  EXPECT_EQ(board.type, "single-board computer");
  EXPECT_EQ(board.memory, Bytes(512 * 1024 * 1024));
  EXPECT_EQ(board.frequency, Hertz(1.5e9));
  EXPECT_EQ(board.cores, 0.5);
  EXPECT_EQ(board.flops, FlopsPerSecond(8e9));
  EXPECT_EQ(board.memory_bandwidth, BytesPerSecond(3.2e9));
  ASSERT_TRUE(board.power);
  EXPECT_EQ(board.power->idle, Watts(1.5));
  EXPECT_EQ(board.power->busy, Watts(4.5));
  EXPECT_EQ(board.provider, "cpu");
  EXPECT_EQ(board.address, "tcp://10.0.0.7:5700");
  EXPECT_THAT(result->notes, IsEmpty());
  EXPECT_THAT(result->points, IsEmpty());
}

TEST_F(DevicesFileTest, LeavesOutWhatADeviceDoesNotSay) {
  const auto result = read("devices: [{name: laptop}]");
  ASSERT_TRUE(result) << result.error().message;
  const Device& laptop = result->fleet.devices[DeviceId(0)];
  EXPECT_EQ(laptop.memory, Bytes(0));
  EXPECT_EQ(laptop.cores, 0);
  EXPECT_FALSE(laptop.frequency || laptop.flops || laptop.memory_bandwidth || laptop.power);
  EXPECT_EQ(laptop.provider, "cpu");
  EXPECT_EQ(laptop.address, "");
}

TEST_F(DevicesFileTest, GivesAnUnlistedPairTheSlowerOfBothEnds) {
  const auto result = read(two_devices_and("  - {name: tablet}\n"));
  ASSERT_TRUE(result) << result.error().message;
  const auto& links = result->fleet.links;
  const DeviceId phone(0), laptop(1), tablet(2);
  EXPECT_EQ(links[phone][laptop].bandwidth, BytesPerSecond(5e6));
  EXPECT_EQ(links[laptop][phone].bandwidth, BytesPerSecond(5e6));
  EXPECT_EQ(links[tablet][laptop].bandwidth, BytesPerSecond(12.5e6));
  EXPECT_EQ(links[phone][laptop].latency, Seconds(0));
}

TEST_F(DevicesFileTest, ListedLinksHoldForTheirDirectionOnly) {
  const auto result = read(two_devices_and(R"(links:
  - {from: phone, to: laptop, bandwidth: 8 Mbit/s, latency: 3 ms}
  - {from: laptop, to: phone, latency: 1 ms}
contention: medium
)"));
  ASSERT_TRUE(result) << result.error().message;
  const auto& links = result->fleet.links;
  EXPECT_EQ(links[DeviceId(0)][DeviceId(1)].bandwidth, BytesPerSecond(1e6));
  EXPECT_EQ(links[DeviceId(0)][DeviceId(1)].latency, Seconds(0.003));
  EXPECT_EQ(links[DeviceId(1)][DeviceId(0)].bandwidth, BytesPerSecond(5e6));
  EXPECT_EQ(links[DeviceId(1)][DeviceId(0)].latency, Seconds(0.001));
  EXPECT_EQ(result->fleet.contention, Contention::medium);
}

TEST_F(DevicesFileTest, ReadsPartitionPoints) {
  const auto result = read(two_devices_and(R"(partition_points:
  - input_names: ["x"]
    output_names: ["y", "z"]
    device_name: laptop
)"));
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_THAT(result->points, SizeIs(1));
  EXPECT_THAT(result->points[0].inputs, ElementsAre("x"));
  EXPECT_THAT(result->points[0].outputs, ElementsAre("y", "z"));
  EXPECT_EQ(result->points[0].device, DeviceId(1));
  EXPECT_EQ(result->points[0].line, 5);
}

TEST_F(DevicesFileTest, UnderstandsTheAutomaticExampleOfIanvs) {
  const auto file = ianvs_examples() / "automatic/devices.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const auto result = read_devices(file);
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_THAT(result->fleet.devices, SizeIs(3));
  const Device& first = result->fleet.devices[DeviceId(0)];
  EXPECT_EQ(first.name, "gpu-0");
  EXPECT_EQ(first.memory, Bytes(1'024'000'000));
  EXPECT_EQ(first.frequency, Hertz(2.6e9));
  // 80 and 90 Mbit/s meet at 80.
  EXPECT_EQ(result->fleet.links[DeviceId(1)][DeviceId(2)].bandwidth, BytesPerSecond(10e6));
  EXPECT_THAT(result->notes,
              ElementsAre(EndsWith("devices.yaml:6: \"bandwith\" read as \"bandwidth\""),
                          EndsWith(":11: \"bandwith\" read as \"bandwidth\""),
                          EndsWith(":16: \"bandwith\" read as \"bandwidth\"")));
}

TEST_F(DevicesFileTest, UnderstandsTheStrayQuoteInAnExampleOfIanvs) {
  const auto file = ianvs_examples() / "manual/devices_one.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const auto result = read_devices(file);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->fleet.devices[DeviceId(0)].type, "gpu");
  EXPECT_THAT(result->points, SizeIs(1));
  EXPECT_THAT(result->notes,
              ElementsAre(EndsWith(":6: \"bandwith\" read as \"bandwidth\""),
                          EndsWith(":3: gpu\" read as gpu, without the stray quote")));
}

TEST_F(DevicesFileTest, SaysWhichDeviceThePointOfAnExampleOfIanvsNamesInVain) {
  const auto file = ianvs_examples() / "manual/devices.yaml";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  const auto result = read_devices(file);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message,
              EndsWith("manual/devices.yaml:20: device \"gpu-0\" is not declared; declared: gpu, "
                       "gpu-1, gpu-2"));
}

TEST_F(DevicesFileTest, NamesAMissingFile) {
  const auto result = read_devices(folder_ / "none.yaml");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, EndsWith("none.yaml: no such file, or not readable"));
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithTheFile) {
  EXPECT_EQ(error(""), "devices.yaml:1: the file is empty; a devices file has the key \"devices\"");
  EXPECT_THAT(error("devices: [\n"), AllOf(HasSubstr("devices.yaml:2: not valid YAML: ")));
  EXPECT_EQ(error("- a\n"),
            "devices.yaml:1: a devices file must be a map with the keys devices, links, "
            "contention, events, partition_points");
  EXPECT_EQ(error("links: []\n"), "devices.yaml:1: a devices file needs \"devices\"");
  EXPECT_EQ(error("devices: []\n"), "devices.yaml:1: \"devices\" lists no device");
  EXPECT_EQ(error("devices: phone\n"),
            "devices.yaml:1: \"devices\" must be a list, not a single value");
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithADevice) {
  EXPECT_EQ(error("devices:\n  - phone\n"),
            "devices.yaml:2: a device must be a map with the keys name, type, memory, freq, "
            "bandwidth, cores, flops, memory_bandwidth, power, provider, address, trace, "
            "trace_offset");
  EXPECT_EQ(error("devices:\n  - {type: gpu}\n"), "devices.yaml:2: a device needs \"name\"");
  EXPECT_EQ(error("devices:\n  - name: a\n    memry: 3\n"),
            "devices.yaml:3: unknown key \"memry\"; did you mean \"memory\"?");
  EXPECT_EQ(error("devices:\n  - name: a\n    name: b\n"),
            "devices.yaml:3: key \"name\" stands here a second time; the first is in line 2");
  EXPECT_EQ(error("devices:\n  - name: a\n  - name: a\n"),
            "devices.yaml:3: device \"a\" is declared twice; it stands in line 2 already");
  EXPECT_EQ(error("devices:\n  - {name: a, address: x:1}\n  - {name: b, address: x:1}\n"),
            "devices.yaml:3: devices \"a\" and \"b\" have the same address x:1");
  EXPECT_EQ(error("devices:\n  - {name: a, bandwith: 1, bandwidth: 2}\n"),
            "devices.yaml:2: \"bandwith\" and \"bandwidth\" (line 2) are the same key");
  EXPECT_EQ(error("devices:\n  - {name: [a]}\n"),
            "devices.yaml:2: \"name\" must be a single value, not a list");
  EXPECT_EQ(error("devices:\n  - {name: \"\"}\n"), "devices.yaml:2: \"name\" is empty");
  EXPECT_EQ(error("devices:\n  - name: a\n    memory: ~\n"), "devices.yaml:3: \"memory\" is empty");
  EXPECT_EQ(error("devices:\n  - {name: a, provider: cuda}\n"),
            "devices.yaml:2: provider: \"cuda\" is not supported; only cpu is");
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithAQuantity) {
  EXPECT_THAT(error("devices:\n  - {name: a, memory: 3 Mbit/s}\n"),
              HasSubstr("devices.yaml:2: memory: \"3 Mbit/s\" has the unit \"Mbit/s\", which does "
                        "not fit here; known: B, kB"));
  EXPECT_THAT(error("devices:\n  - {name: a, memory: plenty}\n"),
              HasSubstr("memory: \"plenty\" is not a number with a unit"));
  EXPECT_THAT(error("devices:\n  - {name: a, memory: -1}\n"), HasSubstr("\"-1\" is negative"));
  EXPECT_EQ(error("devices:\n  - {name: a, memory: 0}\n"),
            "devices.yaml:2: memory must be above 0; leave the key out for no limit");
  for (const std::string cores : {"many", "0", "1e-9", "1025", "1e300", "nan", "inf"}) {
    EXPECT_EQ(error("devices:\n  - {name: a, cores: " + cores + "}\n"),
              "devices.yaml:2: cores: \"" + cores +
                  "\" is not a number from 0.01 to 1024, such as 4 or 0.5");
  }
  EXPECT_EQ(error("devices:\n  - {name: a, power: {idle: 1}}\n"),
            "devices.yaml:2: power needs \"busy\"");
  EXPECT_EQ(error("devices:\n  - {name: a, power: {idle: 3, busy: 2}}\n"),
            "devices.yaml:2: power: busy (2.00 W) is below idle (3.00 W)");
  EXPECT_EQ(error("devices:\n  - {name: a, power: 3 W}\n"),
            "devices.yaml:2: power must be a map with the keys idle, busy");
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithALink) {
  EXPECT_EQ(error(two_devices_and("links: phone\n")), "devices.yaml:4: \"links\" must be a list");
  EXPECT_EQ(error(two_devices_and("links:\n  - {from: phone, to: watch, latency: 1 ms}\n")),
            "devices.yaml:5: device \"watch\" is not declared; declared: phone, laptop");
  EXPECT_EQ(error(two_devices_and("links:\n  - {from: phone, to: phone, latency: 1 ms}\n")),
            "devices.yaml:5: a link must join two devices, not \"phone\" and itself");
  EXPECT_EQ(error(two_devices_and("links:\n  - {from: phone, to: laptop}\n")),
            "devices.yaml:5: the link from \"phone\" to \"laptop\" needs a bandwidth, a latency "
            "or a trace");
  EXPECT_EQ(error(two_devices_and("links:\n  - {from: phone, to: laptop, latency: 1 ms}\n"
                                  "  - {from: phone, to: laptop, latency: 2 ms}\n")),
            "devices.yaml:6: the link from \"phone\" to \"laptop\" stands in line 5 already");
  EXPECT_EQ(error(two_devices_and("contention: radios\n")),
            "devices.yaml:4: contention cannot be \"radios\"; did you mean \"radio\"?");
}

TEST_F(DevicesFileTest, ReadsTracesBesideItAndEvents) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "train.json")
      << R"([{"duration_ms": 500, "bandwidth_kbps": 80, "latency_ms": 20}])";
  const auto result = read(R"(devices:
  - {name: phone, trace: train.json, trace_offset: 5 s}
  - {name: laptop}
links:
  - {from: laptop, to: phone, trace: train.json}
events:
  - {at: 30 s, leaves: phone}
  - {at: 1 min, joins: phone}
)");
  ASSERT_TRUE(result) << result.error().message;
  const FleetChanges& changes = result->changes;
  ASSERT_THAT(changes.devices, SizeIs(1));
  EXPECT_EQ(changes.devices[0].device, DeviceId(0));
  EXPECT_EQ(changes.devices[0].offset, Seconds(5));
  ASSERT_THAT(changes.links, SizeIs(1));
  EXPECT_EQ(changes.links[0].from, DeviceId(1));
  EXPECT_EQ(changes.links[0].trace.at(0).bandwidth, BytesPerSecond(10'000));
  ASSERT_THAT(changes.events, SizeIs(2));
  EXPECT_EQ(changes.events[0].at, Seconds(30));
  EXPECT_EQ(changes.events[0].what, Happening::leaves);
  EXPECT_EQ(changes.events[1].what, Happening::joins);
  EXPECT_THAT(result->notes, ElementsAre(HasSubstr("traces and events are for emulated links")));
}

TEST_F(DevicesFileTest, ReadsTheExampleOfAFleetThatChanges) {
  const auto result = read_devices(CONVOY_SOURCE_DIR "/examples/moving_fleet/devices.yaml");
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(duration_of(result->changes), Seconds(260));
  const auto intervals =
      fleet_over_time(result->fleet, result->changes, {.horizon = Seconds(240)});
  ASSERT_THAT(intervals, SizeIs(7));
  EXPECT_TRUE(is_dead(intervals[2].fleet.links[DeviceId(2)][DeviceId(0)]));
  EXPECT_FALSE(intervals[5].present[DeviceId(1)]);
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithATraceOrAnEvent) {
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ / "bad.json") << R"([{"duration_ms": 500, "latency_ms": 20}])";
  EXPECT_THAT(error("devices:\n  - name: a\n    trace: none.json\n"),
              AllOf(HasSubstr("devices.yaml:3: trace: "), EndsWith("none.json: no such file")));
  EXPECT_THAT(error("devices:\n  - name: a\n    trace: bad.json\n"),
              EndsWith("bad.json: step 1: \"bandwidth_kbps\" is missing"));
  EXPECT_EQ(error("devices:\n  - name: a\n    trace_offset: 3 s\n"),
            "devices.yaml:3: \"trace_offset\" needs a \"trace\"");
  EXPECT_EQ(error(two_devices_and("events:\n  - {at: 3 s}\n")),
            "devices.yaml:5: an event needs either \"joins\" or \"leaves\", with the name of a "
            "device");
  EXPECT_EQ(error(two_devices_and("events:\n  - {leaves: phone}\n")),
            "devices.yaml:5: an event needs \"at\"");
  EXPECT_EQ(error(two_devices_and("events:\n  - {at: 3 s, leaves: phone}\n"
                                  "  - {at: 2 s, joins: phone}\n")),
            "devices.yaml:6: an event at 2.00 s stands after one at 3.00 s; put them in order of "
            "time");
  EXPECT_EQ(error(two_devices_and("events:\n  - {at: 3 s, leaves: phone}\n"
                                  "  - {at: 4 s, leaves: phone}\n")),
            "devices.yaml:6: \"phone\" leaves at 3.00 s already, and does not join in between");
}

TEST_F(DevicesFileTest, SaysWhatIsWrongWithAPartitionPoint) {
  EXPECT_EQ(error(two_devices_and("partition_points:\n  - {input_names: [x], output_names: [y]}\n")),
            "devices.yaml:5: a partition point needs \"device_name\"");
  EXPECT_EQ(error(two_devices_and("partition_points:\n"
                                  "  - {input_names: x, output_names: [y], device_name: phone}\n")),
            "devices.yaml:5: \"input_names\" must be a list, not a single value");
  EXPECT_EQ(error(two_devices_and("partition_points:\n"
                                  "  - {input_names: [x], output_names: [], device_name: phone}\n")),
            "devices.yaml:5: \"output_names\" names nothing");
  EXPECT_EQ(error(two_devices_and("partition_points:\n"
                                  "  - {input_names: [[x]], output_names: [y], device_name: a}\n")),
            "devices.yaml:5: \"input_names\" must list names");
}

}  // namespace
}  // namespace convoy::fleet
