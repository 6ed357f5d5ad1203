#include "runtime/remote_profile.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "foundation/sha256.h"
#include "profile/measure.h"
#include "runtime/remote_worker.h"

namespace convoy::runtime {
namespace {

// To start a worker and send the model; and to measure it, which a slow device does slowly.
constexpr std::chrono::seconds kLoad{120};
constexpr std::chrono::seconds kMeasure{600};

// A device that is emulated here computes with this machine's processor, only less of it.
bool is_local(const fleet::Device& device) { return device.address.empty(); }

Result<ModelFiles> files_of(const std::filesystem::path& file) {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());
  const std::filesystem::path data = file.string() + ".data";
  if (!std::filesystem::exists(data)) return ModelFiles{.sha256 = *sha256};
  const Result<std::string> data_sha256 = sha256_of(data);
  if (!data_sha256) return std::unexpected(data_sha256.error());
  return ModelFiles{*sha256, data.filename().string(), *data_sha256};
}

wire::Request measure_request(const ModelFiles& model,
                              std::span<const engine::SharedTensor> inputs, bool nodes,
                              Parts& parts) {
  wire::Request request;
  wire::Measure& measure = *request.mutable_measure();
  measure.set_nodes(nodes);
  measure.mutable_model()->set_sha256(model.sha256);
  measure.mutable_model()->set_data_file(model.data_file);
  measure.mutable_model()->set_data_sha256(model.data_sha256);
  for (const engine::SharedTensor& input : inputs) {
    append_tensor(input, *measure.add_inputs(), parts);
  }
  return request;
}

Result<profile::DeviceProfile> read_answer(const wire::Answer& answer,
                                           const fleet::Device& device) {
  auto measured = profile::parse_profile(answer.profile_json());
  if (!measured || measured->devices.size() != 1) {
    return fail(ErrorKind::failure, "device {} sent a profile that cannot be read{}", device.name,
                measured ? "" : ": " + measured.error().message);
  }
  profile::DeviceProfile profile = std::move(measured->devices.front());
  profile.device = device.name;
  const bool emulated = is_local(device) && (device.cores > 0 || device.memory.value() > 0);
  profile.source = emulated ? profile::Source::emulated : profile::Source::measured;
  return profile;
}

// Devices that have this machine's processor to themselves when they all compute at once: real ones
// always, others as long as their cores are no more than there are.
std::vector<std::vector<DeviceId>> rounds_of(const fleet::Fleet& fleet) {
  const double here = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<DeviceId>> rounds;
  double free = 0;
  for (const DeviceId id : fleet.devices.ids()) {
    const fleet::Device& device = fleet.devices[id];
    const double cores = !is_local(device) ? 0 : device.cores > 0 ? device.cores : here;
    if (rounds.empty() || cores > free) {
      rounds.emplace_back();
      free = here;
    }
    rounds.back().push_back(id);
    free -= cores;
  }
  return rounds;
}

// Whole runs on some devices at once, as they run in a full pipeline. What they need of the memory
// they share counts so.
Result<std::vector<profile::DeviceProfile>> profile_round(
    zmq::context_t& context, const std::filesystem::path& file, const ModelFiles& model,
    std::span<const engine::SharedTensor> inputs, const fleet::Fleet& fleet,
    const std::vector<DeviceId>& round, WorkerHost& host, const std::function<bool()>& stop) {
  const auto loaded = std::chrono::steady_clock::now() + kLoad;
  std::vector<RemoteWorker> workers;
  for (const DeviceId id : round) {
    auto worker = RemoteWorker::start(context, fleet.devices[id], host, {.stop = stop});
    if (!worker) return std::unexpected(std::move(worker.error()));
    workers.push_back(*std::move(worker));
  }
  for (RemoteWorker& worker : workers) {
    auto ready = worker.greet(loaded).and_then(
        [&] { return worker.send_model(file, model, loaded); });
    if (!ready) return std::unexpected(std::move(ready.error()));
  }
  std::vector<std::uint64_t> requests;
  for (std::size_t i = 0; i < round.size(); ++i) {
    Parts parts;
    auto request = measure_request(model, inputs, !is_local(fleet.devices[round[i]]), parts);
    requests.push_back(workers[i].post(std::move(request), std::move(parts)));
  }
  const auto measured = std::chrono::steady_clock::now() + kMeasure;
  std::vector<profile::DeviceProfile> profiles;
  for (std::size_t i = 0; i < round.size(); ++i) {
    const auto answer = workers[i].await(requests[i], measured);
    if (!answer) return std::unexpected(answer.error());
    auto profile = read_answer(*answer, fleet.devices[round[i]]);
    if (!profile) return std::unexpected(profile.error());
    profiles.push_back(*std::move(profile));
  }
  return profiles;
}

}  // namespace

Result<profile::Profile> profile_fleet(const std::filesystem::path& file,
                                       std::span<const engine::SharedTensor> inputs,
                                       const fleet::Fleet& fleet, WorkerHost& host,
                                       const std::function<bool()>& stop) try {
  const Result<ModelFiles> model = files_of(file);
  if (!model) return std::unexpected(model.error());
  auto here = profile::measure_nodes(file, inputs, {});
  if (!here) return std::unexpected(std::move(here.error()));

  profile::Profile profile{.model_sha256 = model->sha256,
                           .runtime_version = engine::runtime_version(),
                           .values = here->values};
  std::map<int, profile::NodeCosts> by_threads = {{1, *std::move(here)}};
  zmq::context_t context(1);
  for (const std::vector<DeviceId>& round : rounds_of(fleet)) {
    auto measured = profile_round(context, file, *model, inputs, fleet, round, host, stop);
    if (!measured) return within("profile", std::move(measured.error()));
    std::ranges::move(*measured, std::back_inserter(profile.devices));
  }
  for (const DeviceId id : fleet.devices.ids()) {
    const fleet::Device& device = fleet.devices[id];
    if (!is_local(device)) continue;
    const int threads = fleet::threads_of(device);
    if (!by_threads.contains(threads)) {
      auto costs = profile::measure_nodes(file, inputs, {.threads = threads});
      if (!costs) return std::unexpected(std::move(costs.error()));
      by_threads.emplace(threads, *std::move(costs));
    }
    profile::scale_nodes(profile.devices[id.index()], by_threads.at(threads));
  }
  return profile;
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
}

}  // namespace convoy::runtime
