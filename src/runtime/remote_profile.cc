#include "runtime/remote_profile.h"

#include <chrono>
#include <utility>
#include <zmq.hpp>

#include "foundation/sha256.h"
#include "profile/measure.h"
#include "runtime/remote_worker.h"

namespace convoy::runtime {
namespace {

// To start a worker and send the model; and to measure it, which a slow device does slowly.
constexpr std::chrono::seconds kLoad{120};
constexpr std::chrono::seconds kMeasure{600};
constexpr Seconds kSilence{2};

Result<profile::DeviceProfile> profile_device(zmq::context_t& context,
                                              const std::filesystem::path& file,
                                              const std::string& sha256,
                                              std::span<const engine::SharedTensor> inputs,
                                              const fleet::Device& device, WorkerHost& host) {
  const auto now = std::chrono::steady_clock::now();
  auto worker = RemoteWorker::start(context, device, host, kSilence);
  if (!worker) return std::unexpected(std::move(worker.error()));
  if (auto greeted = worker->greet(now + kLoad); !greeted) {
    return std::unexpected(std::move(greeted.error()));
  }
  if (auto sent = worker->send_file(file, sha256, now + kLoad); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  wire::Request request;
  request.mutable_measure()->set_sha256(sha256);
  Parts parts;
  for (const engine::SharedTensor& input : inputs) {
    append_tensor(input, *request.mutable_measure()->add_inputs(), parts);
  }
  const auto answer =
      worker->ask(std::move(request), std::chrono::steady_clock::now() + kMeasure,
                  std::move(parts));
  if (!answer) return std::unexpected(answer.error());
  auto measured = profile::parse_profile(answer->profile_json());
  if (!measured || measured->devices.size() != 1) {
    return fail(ErrorKind::failure, "device {} sent a profile that cannot be read{}", device.name,
                measured ? "" : ": " + measured.error().message);
  }
  profile::DeviceProfile profile = std::move(measured->devices.front());
  profile.device = device.name;
  const bool emulated =
      device.address.empty() && (device.cores > 0 || device.memory.value() > 0);
  profile.source = emulated ? profile::Source::emulated : profile::Source::measured;
  return profile;
}

}  // namespace

Result<profile::Profile> profile_fleet(const std::filesystem::path& file,
                                       std::span<const engine::SharedTensor> inputs,
                                       const fleet::Fleet& fleet, WorkerHost& host) try {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());
  auto values = profile::measure_values(file, inputs);
  if (!values) return std::unexpected(std::move(values.error()));

  profile::Profile profile{.model_sha256 = *sha256,
                           .runtime_version = engine::runtime_version(),
                           .values = *std::move(values)};
  zmq::context_t context(1);
  for (const fleet::Device& device : fleet.devices) {
    auto measured = profile_device(context, file, *sha256, inputs, device, host);
    if (!measured) return within("profile", std::move(measured.error()));
    profile.devices.push_back(*std::move(measured));
  }
  return profile;
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
}

}  // namespace convoy::runtime
