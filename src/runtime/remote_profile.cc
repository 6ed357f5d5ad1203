#include "runtime/remote_profile.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/split_map.h"
#include "profile/measure.h"
#include "runtime/capabilities.h"
#include "runtime/guarded_host.h"
#include "runtime/meeting.h"
#include "runtime/remote_worker.h"
#include "runtime/setup.h"

namespace convoy::runtime {
namespace {

// To start a worker and load the model; and to measure its nodes, which a slow device does slowly.
constexpr Seconds kLoad{120};
constexpr std::chrono::seconds kMeasureNodes{600};
constexpr std::chrono::seconds kLeave{2};
// How long runs are measured, and how many there are at least; the first ones do not count.
constexpr Seconds kBudget{4};
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

// Whole runs on one device.
struct Runs {
  std::vector<Seconds> ends;
  StageReport before, after;  // the first of them, and the last
};

Result<StageReport> report_of_stage(Pipeline& pipeline) {
  return pipeline.report().transform([](const auto& stages) { return stages.front(); });
}

// Runs the whole model again and again in a pipeline of one stage, which is always full: what comes
// in and goes out is part of a run, as it will be in the pipeline that is planned.
Result<Runs> repeat(Pipeline& pipeline, const Subject& subject, Meeting& meeting,
                    Meeting::Seat& seat, const std::function<bool()>& stop) {
  Runs runs;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t answers = 0; !meeting.is_over();) {
    if (stop && stop()) break;
    while (meeting.is_complete() && !pipeline.full()) {
      auto sent = pipeline.submit({subject.inputs.begin(), subject.inputs.end()});
      if (!sent) return std::unexpected(std::move(sent.error()));
    }
    const auto answer = pipeline.next(Seconds(0.05));
    if (!answer) return std::unexpected(answer.error());
    if (!*answer || ++answers < kWarmUp) continue;
    runs.ends.push_back(std::chrono::steady_clock::now() - begin);
    if (runs.ends.size() == 1) {
      auto report = report_of_stage(pipeline);
      if (!report) return std::unexpected(std::move(report.error()));
      runs.before = *std::move(report);
    }
    if (runs.ends.size() > kLeastRuns && runs.ends.back() - runs.ends.front() >= kBudget) {
      seat.has_enough();
    }
  }
  if (runs.ends.size() <= kLeastRuns || (stop && stop())) {
    return fail(ErrorKind::cancelled, "stopped while profiling");
  }
  auto report = report_of_stage(pipeline);
  if (!report) return std::unexpected(std::move(report.error()));
  runs.after = *std::move(report);
  return runs;
}

// Computing, of a run's `wall` time. Under a quota nothing is computed while messages are moved;
// that is a part of `busy`, too.
Seconds computing_in(const Runs& runs, const fleet::Device& device, bool under_quota,
                     Seconds wall) {
  const auto requests = static_cast<double>(runs.after.requests - runs.before.requests);
  const Seconds computing =
      std::min(wall, requests > 0 ? (runs.after.busy - runs.before.busy) / requests : wall);
  const double cpu_s = runs.after.cpu_seconds - runs.before.cpu_seconds;
  const Seconds span = runs.after.span - runs.before.span;
  if (!under_quota || cpu_s < 0.9 * device.cores * span.count()) return computing;
  const double messages_s = runs.after.messaging_seconds - runs.before.messaging_seconds;
  return std::min(computing, wall * (1 - messages_s / cpu_s));
}

struct MeasuredDevice {
  profile::DeviceProfile profile;
  Seconds computing{0};  // of a run
};

Result<MeasuredDevice> profile_device(const Subject& subject, const fleet::Fleet& fleet,
                                      const fleet::Device& device, GuardedHost& host,
                                      Meeting& meeting, const std::function<bool()>& stop) {
  Meeting::Seat seat(meeting);
  onnx::SplitMap map = subject.map;
  map.sub_models.front().device = device.name;
  // One after the other, so that what they share is written once.
  auto pipeline = host.alone([&] {
    return Pipeline::start(
        {{subject.file.parent_path(), map}}, fleet, host,
        {.load_timeout = kLoad, .stop = [&] { return meeting.is_over() || (stop && stop()); }});
  });
  if (!pipeline) return std::unexpected(std::move(pipeline.error()));
  seat.is_ready();
  const auto runs = repeat(*pipeline, subject, meeting, seat, stop);
  if (!runs) return std::unexpected(runs.error());
  MeasuredDevice measured{.profile = profile::summary_of(runs->ends)};
  profile::DeviceProfile& profile = measured.profile;
  profile.device = device.name;
  profile.cores = device.cores;
  const bool emulated = is_local(device) && (device.cores > 0 || device.memory.value() > 0);
  profile.source = emulated ? profile::Source::emulated : profile::Source::measured;
  profile.runtime_memory = runs->after.idle_memory;
  measured.computing = computing_in(*runs, device, host.is_under_quota(device.name), profile.run);
  return measured;
}

// Whether the devices that are emulated here can all compute at once, each with the whole model.
bool fit_side_by_side(const fleet::Fleet& fleet, const Subject& subject) {
  const onnx::SubModel& whole = subject.map.sub_models.front();
  auto model = std::filesystem::file_size(subject.file);
  if (!whole.data_file.empty()) {
    model += std::filesystem::file_size(subject.file.parent_path() / whole.data_file);
  }
  double cores = 0, memory = 0;
  for (const fleet::Device& device : fleet.devices) {
    if (!is_local(device)) continue;
    cores += device.cores > 0 ? device.cores : fleet::threads_of(device);
    memory += 2 * static_cast<double>(model);  // as much again for what it computes
  }
  const Capabilities able = capabilities(1);
  return cores <= able.cores && memory <= static_cast<double>(able.memory.value()) / 2;
}

// Of all devices in `group`, side by side.
Result<std::vector<MeasuredDevice>> profile_group(const Subject& subject, const fleet::Fleet& fleet,
                                                  std::span<const DeviceId> group, WorkerHost& host,
                                                  const std::function<bool()>& stop) {
  Meeting meeting(group.size());
  GuardedHost guarded(host);
  std::vector<std::future<Result<MeasuredDevice>>> at_work;
  try {
    for (const DeviceId id : group) {
      at_work.push_back(std::async(std::launch::async, [&, id] {
        return profile_device(subject, fleet, fleet.devices[id], guarded, meeting, stop);
      }));
    }
  } catch (const std::system_error&) {
    meeting.end();  // those that have begun are waited for
    throw;
  }
  std::vector<MeasuredDevice> all;
  std::optional<Error> first;  // others end early because of it
  for (auto& device : at_work) {
    auto measured = device.get();
    if (measured) {
      all.push_back(*std::move(measured));
    } else if (!first || first->kind == ErrorKind::cancelled) {
      first = std::move(measured.error());
    }
  }
  if (first) return std::unexpected(*std::move(first));
  return all;
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
  std::vector<DeviceId> devices;
  for (const DeviceId id : fleet.devices.ids()) devices.push_back(id);
  const std::size_t at_once = fit_side_by_side(fleet, subject) ? devices.size() : 1;
  for (const auto group : devices | std::views::chunk(at_once)) {
    auto measured = profile_group(subject, fleet, group, host, stop);
    if (!measured) return within("profile", std::move(measured.error()));
    for (auto [id, of_device] : std::views::zip(group, *measured)) {
      const fleet::Device& device = fleet.devices[id];
      const auto nodes =
          is_local(device) ? local_nodes(device) : remote_nodes(subject, device, host, stop);
      if (!nodes) return within("profile", nodes.error());
      profile::scale_nodes(of_device.profile, *nodes, of_device.computing);
      profile.devices.push_back(std::move(of_device.profile));
    }
  }
  return profile;
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
} catch (const std::system_error& error) {  // files that are gone, threads that there cannot be
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
}

}  // namespace convoy::runtime
