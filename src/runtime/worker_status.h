// What a worker's figures say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "messages.pb.h"
#include "runtime/fleet_status.h"
#include "runtime/parcel.h"
#include "runtime/timeline.h"

namespace convoy::runtime {

// Of one stage; nothing if they do not tell of it.
[[nodiscard]] const wire::StageReport* report_of(const wire::Figures& figures, StageId stage);

// When it computed, from `origin_s` by its clock on; what makes no sense is left out.
[[nodiscard]] std::vector<Timeline::Interval> intervals_of(const wire::Figures& figures,
                                                           double origin_s);

[[nodiscard]] FleetStatus::Device device_status(std::string name, const wire::Figures& figures);

// A worker of itself. `peers`: the names of those that it sends to.
[[nodiscard]] FleetStatus worker_status(const std::string& name, const wire::Figures& figures,
                                        const std::map<PeerId, std::string>& peers, Seconds up);

}  // namespace convoy::runtime
