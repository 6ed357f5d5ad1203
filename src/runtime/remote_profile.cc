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

Result<ModelFiles> files_of(const std::filesystem::path& file) {
  const Result<std::string> sha256 = sha256_of(file);
  if (!sha256) return std::unexpected(sha256.error());
  const std::filesystem::path data = file.string() + ".data";
  if (!std::filesystem::exists(data)) return ModelFiles{.sha256 = *sha256};
  const Result<std::string> data_sha256 = sha256_of(data);
  if (!data_sha256) return std::unexpected(data_sha256.error());
  return ModelFiles{*sha256, data.filename().string(), *data_sha256};
}

Result<profile::DeviceProfile> profile_device(zmq::context_t& context,
                                              const std::filesystem::path& file,
                                              const ModelFiles& model,
                                              std::span<const engine::SharedTensor> inputs,
                                              const fleet::Device& device, WorkerHost& host,
                                              const std::function<bool()>& stop) {
  const auto now = std::chrono::steady_clock::now();
  auto worker = RemoteWorker::start(context, device, host, {.stop = stop});
  if (!worker) return std::unexpected(std::move(worker.error()));
  if (auto greeted = worker->greet(now + kLoad); !greeted) {
    return std::unexpected(std::move(greeted.error()));
  }
  if (auto sent = worker->send_model(file, model, now + kLoad); !sent) {
    return std::unexpected(std::move(sent.error()));
  }
  wire::Request request;
  wire::ModelFiles& files = *request.mutable_measure()->mutable_model();
  files.set_sha256(model.sha256);
  files.set_data_file(model.data_file);
  files.set_data_sha256(model.data_sha256);
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
                                       const fleet::Fleet& fleet, WorkerHost& host,
                                       const std::function<bool()>& stop) try {
  const Result<ModelFiles> model = files_of(file);
  if (!model) return std::unexpected(model.error());
  auto values = profile::measure_values(file, inputs);
  if (!values) return std::unexpected(std::move(values.error()));

  profile::Profile profile{.model_sha256 = model->sha256,
                           .runtime_version = engine::runtime_version(),
                           .values = *std::move(values)};
  zmq::context_t context(1);
  for (const fleet::Device& device : fleet.devices) {
    auto measured = profile_device(context, file, *model, inputs, device, host, stop);
    if (!measured) return within("profile", std::move(measured.error()));
    profile.devices.push_back(*std::move(measured));
  }
  return profile;
} catch (const zmq::error_t& error) {
  return fail(ErrorKind::failure, "cannot profile the devices: {}", error.what());
}

}  // namespace convoy::runtime
