// A device that is really there: somebody started its worker, and devices.yaml says where.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "runtime/worker_host.h"

namespace convoy::runtime {

// How the worker at the device's address is reached. Its key is the one that `keys` trusts under
// the device's name; without `keys` only addresses of this host are right. Errors: no address, no
// key of ours, none of that name.
[[nodiscard]] Result<WorkerHost::Worker> reach(const fleet::Device& device,
                                               const std::optional<std::filesystem::path>& keys,
                                               std::uint64_t session);

// "is cut off: ..." once the key that `worker` was reached with is not trusted any more.
[[nodiscard]] std::optional<std::string> cut_off(const std::string& device,
                                                 const WorkerHost::Worker& worker,
                                                 const std::optional<std::filesystem::path>& keys);

}  // namespace convoy::runtime
