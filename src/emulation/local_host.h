// Devices that are not there: each a process of its own with a CPU quota, a memory limit and a
// network namespace with shaped links, as far as this machine allows.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulation/virtual_network.h"
#include "fleet/fleet.h"
#include "fleet/trace.h"
#include "foundation/error.h"
#include "runtime/pipeline.h"

namespace convoy::emulation {

enum class MemoryLimit { enforced, ignored };

enum class Enforcement {
  automatic,   // by the kernel where it lets us, else in the worker's process
  in_process,  // as on a machine that allows nothing
};

// What this machine can enforce, with the reason where it cannot.
struct Capabilities {
  bool cpu_quota = false;        // cgroup v1 or v2
  bool memory_limit = false;
  bool shaped_network = false;   // network namespaces, veth, htb
  std::vector<std::string> reasons;
};
// Tries everything for real, and removes it again; and what a convoy that crashed left behind.
[[nodiscard]] Capabilities probe();

// What a coordinator's host needs to reach devices, emulated or not.
struct Surroundings {
  std::filesystem::path program;  // convoy itself, run as `PROGRAM worker ...`
  // Our key, and those of devices with an address; nothing: they are reached without, on this host.
  std::optional<std::filesystem::path> keys{};
};

// The emulated devices of one fleet; a device with an address of its own is reached there.
class EmulatedHost : public runtime::WorkerHost {
 public:
  // Time 0 of the fleet's changes is now: for whoever has a pipeline running. Until then links are
  // as at time 0, but for outages, and who joins later is not there. Once.
  virtual void begin_changes() = 0;
  // Nothing where the kernel does not shape links.
  [[nodiscard]] virtual VirtualNetwork* network() = 0;
};

// What an earlier convoy left behind after a crash (groups, namespaces, processes) is removed
// first. Links follow `changes`; description() says how.
[[nodiscard]] Result<std::unique_ptr<EmulatedHost>> make_local_host(
    const fleet::Fleet& fleet, const Surroundings& surroundings, MemoryLimit memory,
    Enforcement enforcement = Enforcement::automatic, const fleet::FleetChanges& changes = {});

}  // namespace convoy::emulation
