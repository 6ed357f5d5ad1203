#include "runtime/remote_profile.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/split_map.h"
#include "profile/measure.h"
#include "runtime/remote_worker.h"
#include "runtime/setup.h"

namespace convoy::runtime {
namespace {

// To start a worker and load the model; and to measure its nodes, which a slow device does slowly.
constexpr Seconds kLoad{120};
constexpr std::chrono::seconds kMeasureNodes{600};
constexpr std::chrono::seconds kLeave{2};
// How long runs are measured, and how many there are at least; the first ones do not count.
constexpr Seconds kBudget{2};
constexpr std::size_t kLeastRuns = 6;
constexpr std::size_t kWarmUp = 2;

// A device that is emulated here computes with this machine's processor, only less of it.
bool is_local(const fleet::Device& device) { return device.address.empty(); }

// What is measured: the whole model, as a split into one.
struct Subject {
  std::filesystem::path file;
  onnx::SplitMap map;
  std::span<const engine::SharedTensor> inputs;
};

// Runs the whole model again and again in a pipeline of one stage, which is always full: what comes
// in and goes out is part of a run, as it will be in the pipeline that is planned.
Result<std::vector<Seconds>> ends_of_runs(Pipeline& pipeline, const Subject& subject,
                                          const std::function<bool()>& stop) {
  std::vector<Seconds> ends;
  const auto enough = [&] {
    return ends.size() > kWarmUp + kLeastRuns && ends.back() - ends[kWarmUp] >= kBudget;
  };
  const auto begin = std::chrono::steady_clock::now();
  while (!enough()) {
    if (stop && stop()) return fail(ErrorKind::cancelled, "stopped while profiling");
    while (!pipeline.full()) {
      auto sent = pipeline.submit({subject.inputs.begin(), subject.inputs.end()});
      if (!sent) return std::unexpected(std::move(sent.error()));
    }
    const auto answer = pipeline.next(Seconds(0.1));
    if (!answer) return std::unexpected(answer.error());
    if (*answer) ends.push_back(std::chrono::steady_clock::now() - begin);
  }
  ends.erase(ends.begin(), ends.begin() + kWarmUp);
  return ends;
}

struct Runs {
  profile::DeviceProfile device;
  Seconds computing{0};  // of a run
};

// Whole runs on one device.
Result<Runs> profile_runs(const Subject& subject, const fleet::Fleet& fleet,
                          const fleet::Device& device, WorkerHost& host,
                          const std::function<bool()>& stop) {
  onnx::SplitMap map = subject.map;
  map.sub_models.front().device = device.name;
  auto pipeline = Pipeline::start({{subject.file.parent_path(), map}}, fleet, host,
                                  {.load_timeout = kLoad, .stop = stop});
  if (!pipeline) return std::unexpected(std::move(pipeline.error()));
  const auto ends = ends_of_runs(*pipeline, subject, stop);
  if (!ends) return std::unexpected(ends.error());
  const auto reports = pipeline->report();
  if (!reports) return std::unexpected(reports.error());
  const StageReport& report = reports->front();
  Runs runs{.device = profile::summary_of(*ends)};
  runs.device.device = device.name;
  runs.device.cores = device.cores;
  const bool emulated = is_local(device) && (device.cores > 0 || device.memory.value() > 0);
  runs.device.source = emulated ? profile::Source::emulated : profile::Source::measured;
  runs.device.runtime_memory = report.idle_memory;
  runs.computing = std::min(runs.device.run, report.busy / static_cast<double>(report.requests));
  return runs;
}

// What the model's nodes cost on a device with a processor of its own.
Result<profile::NodeCosts> remote_nodes(const Subject& subject, const fleet::Device& device,
                                        WorkerHost& host, const std::function<bool()>& stop) {
  const onnx::SubModel& whole = subject.map.sub_models.front();
  const ModelFiles model{whole.sha256, whole.data_file, whole.data_sha256};
  wire::Request request;
  wire::Measure& measure = *request.mutable_measure();
  *measure.mutable_model() = to_wire(model);
  Parts parts;
  for (const engine::SharedTensor& input : subject.inputs) {
    append_tensor(input, *measure.add_inputs(), parts);
  }
  zmq::context_t context(1);
  auto worker = RemoteWorker::start(context, device, host, {.stop = stop});
  if (!worker) return std::unexpected(std::move(worker.error()));
  const auto deadline = std::chrono::steady_clock::now() + kMeasureNodes;
  const auto answer = worker->greet(deadline)
                          .and_then([&] { return worker->send_model(subject.file, model, kLoad); })
                          .and_then([&] {
                            measure.set_threads(worker->threads());
                            return worker->ask(std::move(request), deadline, std::move(parts));
                          });
  worker->leave(std::chrono::steady_clock::now() + kLeave);
  if (!answer) return std::unexpected(answer.error());
  auto profile = profile::parse_profile(answer->profile_json(), "its profile");
  if (!profile || profile->devices.size() != 1) {
    return fail(ErrorKind::failure, "device {} sent a profile that cannot be read{}", device.name,
                profile ? "" : ": " + profile.error().message);
  }
  profile::DeviceProfile& nodes = profile->devices.front();
  return profile::NodeCosts{std::move(nodes.nodes), nodes.stage_overhead, {}};
}

}  // namespace

Result<profile::Profile> profile_fleet(const std::filesystem::path& file,
                                       std::span<const engine::SharedTensor> inputs,
                                       const fleet::Fleet& fleet, WorkerHost& host,
                                       const std::function<bool()>& stop) try {
  const auto model = onnx::read_model(file);
  if (!model) return std::unexpected(model.error());
  const auto graph = onnx::index_graph(*model);
  if (!graph) return within(file.string(), graph.error());
  auto map = onnx::map_of_whole(file, *graph);
  if (!map) return std::unexpected(std::move(map.error()));
  const Subject subject{file, *std::move(map), inputs};

  auto here = profile::measure_nodes(file, inputs, {});
  if (!here) return std::unexpected(std::move(here.error()));
  profile::Profile profile{.model_sha256 = subject.map.model_sha256,
                           .runtime_version = engine::runtime_version(),
                           .values = here->values};
  std::map<int, profile::NodeCosts> by_threads = {{1, *std::move(here)}};
  // Of a device that is emulated here: with as many threads, but without its limits.
  const auto local_nodes = [&](const fleet::Device& device) -> Result<profile::NodeCosts> {
    const int threads = fleet::threads_of(device);
    const auto found = by_threads.find(threads);
    if (found != by_threads.end()) return found->second;
    auto costs = profile::measure_nodes(file, inputs, {.threads = threads});
    if (costs) by_threads.emplace(threads, *costs);
    return costs;
  };
  for (const DeviceId id : fleet.devices.ids()) {
    const fleet::Device& device = fleet.devices[id];
    auto measured = profile_runs(subject, fleet, device, host, stop);
    if (!measured) return within("profile", std::move(measured.error()));
    const auto nodes =
        is_local(device) ? local_nodes(device) : remote_nodes(subject, device, host, stop);
    if (!nodes) return within("profile", nodes.error());
    profile::scale_nodes(measured->device, *nodes, measured->computing);
    profile.devices.push_back(std::move(measured->device));
  }
  return profile;
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
}

}  // namespace convoy::runtime
