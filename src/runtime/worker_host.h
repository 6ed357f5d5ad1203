// Where the workers of devices come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/units.h"
#include "runtime/endpoint.h"
#include "runtime/keys.h"

namespace convoy::runtime {

// Starts the worker process of a device and says where it listens. src/emulation implements it with
// limits and namespaces; a device with an address of its own needs none.
class WorkerHost {
 public:
  struct Worker {
    Endpoint endpoint;  // as the coordinator and its peers reach it
    bool quota = false;  // all its threads share the device's cores
    // Of a worker that uses keys: our own, and its public one.
    std::optional<KeyPair> own{};
    std::string server_key{};
    // Whoever has the same keys and the same session is the same coordinator.
    std::uint64_t session = 1;
    Seconds patience{60};  // until it answers for the first time
  };
  virtual ~WorkerHost() = default;
  // Starts (or finds) the device's worker. The host keeps what it started until stop_all() or its
  // destruction, when no process is left behind.
  [[nodiscard]] virtual Result<Worker> start(const fleet::Device& device) = 0;
  // Nothing while the worker lives; else what became of it, to follow its name: "was killed: out of
  // memory (limit 256 MB)", "exited with status 1" ...
  [[nodiscard]] virtual std::optional<std::string> obituary(const std::string& device) = 0;
  virtual void stop_all() = 0;
  // How limits are enforced, for reports: "cgroup quota 10 ms, memory limit, shaped link (htb)" ...
  [[nodiscard]] virtual std::string description() const = 0;
};

// Of kind `lost`. `what` became of the device follows its name, as in an obituary.
[[nodiscard]] inline Error lost(const std::string& device, std::string_view what) {
  return {ErrorKind::lost, fmt::format("device {} {}", device, what)};
}
inline constexpr std::string_view kSilent = "does not answer any more";

}  // namespace convoy::runtime
