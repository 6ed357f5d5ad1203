// What a hop costs: pipelines whose stages copy 60 floats, over worker processes on this host:
//   empty_pipeline [REQUESTS]
// One request at a time, of REQUESTS (2000): the latency is that of stages + 1 hops, as a stage's
// input comes from another process and the last output goes back. Each hop includes what a worker
// does for a request: a queue, a thread that computes, ONNX Runtime. Then the same with the
// pipeline full. Prints Markdown; the goal is 1 ms a hop.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "emulation/child_process.h"
#include "emulation/local_host.h"
#include "onnx/testing.h"
#include "runtime/key_folder.h"
#include "runtime/pipeline.h"
#include "good.h"
#include "tcp_relay.h"

namespace convoy {
namespace {

using Clock = std::chrono::steady_clock;

enum class Way {
  ipc,        // workers as `convoy run` starts them for devices that are not there
  tcp,        // `convoy worker --keys none` at an address of its own
  encrypted,  // the same with keys
};

std::string device_name(std::size_t stage) { return fmt::format("device-{}", stage); }

onnx::SplitMap write_stages(const std::filesystem::path& folder, std::size_t stages) {
  std::vector<onnx::Model> models;
  onnx::SplitMap map{.model = "empty", .inputs = {"v0"}, .outputs = {fmt::format("v{}", stages)}};
  for (std::size_t i = 0; i < stages; ++i) {
    models.push_back(onnx::parse_graph(fmt::format(
        "g (float[60] v{0}) => (float[60] v{1}) {{ v{1} = Identity(v{0}) }}", i, i + 1)));
    map.sub_models.push_back({.device = device_name(i)});
  }
  return good(onnx::write_split(folder, std::move(models), std::move(map)));
}

// Workers at addresses of their own, and a folder of keys for us.
class Workers {
 public:
  Workers(const std::filesystem::path& folder, Way way) : folder_(folder), way_(way) {
    if (way == Way::encrypted) good(runtime::KeyFolder::create(folder / "us", "us"));
  }
  [[nodiscard]] std::optional<std::filesystem::path> our_keys() const {
    return way_ == Way::encrypted ? std::optional(folder_ / "us") : std::nullopt;
  }
  // Starts one; where it listens.
  std::string start(const std::string& name) {
    std::string keys = "none";
    if (way_ == Way::encrypted) {
      keys = (folder_ / name).string();
      auto theirs = good(runtime::KeyFolder::create(keys, name));
      auto ours = good(runtime::KeyFolder::open(folder_ / "us"));
      good(theirs.add(folder_ / "us" / "public.key", ""));
      good(ours.add(folder_ / name / "public.key", ""));
    }
    const std::string address = fmt::format("tcp://127.0.0.1:{}", free_port());
    processes_.push_back(good(emulation::ChildProcess::start(
        {.arguments = {CONVOY_PROGRAM, "worker", "--name", name, "--listen", address, "--keys",
                       keys, "--cache", (folder_ / (name + ".cache")).string()}})));
    // The next free port must not be one that this worker is about to take.
    for (const auto deadline = Clock::now() + std::chrono::seconds(10);;) {
      if (processes_.back().status()) throw std::runtime_error(processes_.back().last_words());
      if (processes_.back().last_words().contains("listens at")) return address;
      if (Clock::now() > deadline) throw std::runtime_error(name + " does not listen");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

 private:
  std::filesystem::path folder_;
  Way way_;
  std::vector<emulation::ChildProcess> processes_;
};

void measure(Way way, std::size_t stages, std::size_t requests) {
  const onnx::ScratchFolder folder;
  const onnx::SplitMap map = write_stages(folder / "pieces", stages);
  Workers workers(folder.path(), way);
  fleet::Fleet fleet;
  for (std::size_t i = 0; i < stages; ++i) {
    fleet.devices.push_back({.name = device_name(i)});
    if (way != Way::ipc) fleet.devices[DeviceId(i)].address = workers.start(device_name(i));
  }
  fleet.links =
      ById<DeviceId, ById<DeviceId, fleet::Link>>(stages, ById<DeviceId, fleet::Link>(stages));
  const auto host = good(emulation::make_local_host(fleet, {CONVOY_PROGRAM, workers.our_keys()},
                                                    emulation::MemoryLimit::ignored));
  const engine::SharedTensor input = engine::share(
      {.type = onnx::ElementType::float32, .dims = {60}, .data = std::vector<std::byte>(240)});
  // Of `in_flight` (0: as many as a pipeline has by itself) at a time.
  const auto run = [&](std::size_t in_flight) {
    runtime::Pipeline pipeline = good(runtime::Pipeline::start({{folder / "pieces", map}}, fleet,
                                                               *host, {.in_flight = in_flight}));
    std::vector<double> latencies_ms;
    const auto carry = [&](std::size_t count) {
      latencies_ms.clear();
      good(runtime::run_all(
          pipeline, count,
          [&](std::size_t) -> Result<std::vector<engine::SharedTensor>> {
            return std::vector{input};
          },
          [&](const runtime::Answer& answer) {
            latencies_ms.push_back(1e3 * answer.latency.count());
          },
          nullptr));
    };
    carry(std::max<std::size_t>(1, requests / 10));
    const auto begin = Clock::now();
    carry(requests);
    const Seconds taken = Clock::now() - begin;
    std::ranges::sort(latencies_ms);
    return std::pair(std::move(latencies_ms), static_cast<double>(requests) / taken.count());
  };
  const auto [alone_ms, alone_rate] = run(1);
  const double full_rate = run(0).second;
  const double median_ms = alone_ms[requests / 2];
  constexpr std::array kNames = {"ipc", "tcp", "tcp, encrypted"};
  fmt::print("| {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.0f} |\n",
             kNames[static_cast<std::size_t>(way)], stages, median_ms,
             alone_ms[requests * 99 / 100], median_ms / static_cast<double>(stages + 1), full_rate);
  std::fflush(stdout);
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) {
  using namespace convoy;
  try {
    const std::size_t requests =
        argc > 1 ? std::max(1ul, std::strtoul(argv[1], nullptr, 10)) : 2000;
    fmt::print(
        "| link | stages | median latency, ms | 99th percentile | a hop, ms | requests a second, "
        "pipeline full |\n|---|--:|--:|--:|--:|--:|\n");
    for (const Way way : {Way::ipc, Way::tcp, Way::encrypted}) {
      for (const std::size_t stages : {1, 2, 4}) measure(way, stages, requests);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "empty_pipeline: {}\n", error.what());
    return 1;
  }
}
