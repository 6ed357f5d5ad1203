#include "runtime/real_device.h"

#include <utility>

#include "runtime/endpoint.h"
#include "runtime/key_folder.h"

namespace convoy::runtime {
namespace {

// A worker that runs answers at once; this is for the way there.
constexpr Seconds kPatience{3};

}  // namespace

Result<WorkerHost::Worker> reach(const fleet::Device& device,
                                 const std::optional<std::filesystem::path>& keys,
                                 std::uint64_t session) {
  auto endpoint = parse_endpoint(device.address);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  WorkerHost::Worker worker{.endpoint = *std::move(endpoint),
                            .session = session,
                            .patience = kPatience};
  if (worker.endpoint.reach == Reach::files) return worker;
  if (!keys) {
    if (worker.endpoint.reach == Reach::loopback) return worker;
    return fail(ErrorKind::input,
                "{} is another host, which is only reached with keys; right would be "
                "--keys DIR",
                device.address);
  }
  auto folder = KeyFolder::open(*keys);
  if (!folder) return std::unexpected(std::move(folder.error()));
  auto known = folder->find(device.name);
  if (!known) return std::unexpected(std::move(known.error()));
  if (!*known) {
    return fail(ErrorKind::input,
                "no key is known as \"{}\" in {}; copy public.key from its host and "
                "run convoy keys add FILE --name \"{}\"",
                device.name, keys->string(), device.name);
  }
  worker.own = folder->own();
  worker.server_key = std::move((*known)->key);
  return worker;
}

std::optional<std::string> cut_off(const std::string& device, const WorkerHost::Worker& worker,
                                   const std::optional<std::filesystem::path>& keys) {
  if (!worker.own) return std::nullopt;
  const auto known =
      KeyFolder::open(*keys).and_then([&](const KeyFolder& folder) { return folder.find(device); });
  if (known && *known && (*known)->key == worker.server_key) return std::nullopt;
  return fmt::format("is cut off: its key is not trusted any more in {}", keys->string());
}

}  // namespace convoy::runtime
