// What models cost on the devices of a job, each measured once a run.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "bench/prepared_model.h"
#include "emulation/local_host.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "profile/profile.h"

namespace convoy::bench {

class DeviceProfiles {
 public:
  explicit DeviceProfiles(emulation::Surroundings surroundings)
      : surroundings_(std::move(surroundings)) {}

  // Measured on each device under its limits, memory apart: a device too small for the whole model
  // may still run a part. `devices_file` tells fleets apart; `stop` ends it with kind cancelled.
  [[nodiscard]] Result<const profile::Profile*> of(const PreparedModel& model,
                                                   const fleet::Fleet& fleet,
                                                   const std::filesystem::path& devices_file,
                                                   const std::function<bool()>& stop);

 private:
  emulation::Surroundings surroundings_;
  std::map<std::pair<std::filesystem::path, std::filesystem::path>, profile::Profile> known_;
};

}  // namespace convoy::bench
