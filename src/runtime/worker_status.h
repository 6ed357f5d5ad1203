// What a worker's figures say, as part of a fleet's status.
#pragma once

#include <map>
#include <string>

#include "messages.pb.h"
#include "runtime/fleet_status.h"
#include "runtime/parcel.h"

namespace convoy::runtime {

[[nodiscard]] FleetStatus::Device device_status(std::string name, const wire::Figures& figures);

// A worker of itself. `peers`: the names of those that it sends to.
[[nodiscard]] FleetStatus worker_status(const std::string& name, const wire::Figures& figures,
                                        const std::map<PeerId, std::string>& peers, Seconds up);

}  // namespace convoy::runtime
