#include "bench/device_profiles.h"

#include "emulation/fleet_profile.h"

namespace convoy::bench {

Result<const profile::Profile*> DeviceProfiles::of(const PreparedModel& model,
                                                   const fleet::Fleet& fleet,
                                                   const std::filesystem::path& devices_file,
                                                   const std::function<bool()>& stop) {
  const std::pair key(model.file, devices_file);
  if (const auto found = known_.find(key); found != known_.end()) return &found->second;
  auto measured = emulation::fleet_profile(model.file, model.ordered_sample(), fleet,
                                           {.surroundings = surroundings_, .stop = stop});
  if (!measured) return std::unexpected(measured.error());
  return &known_.emplace(key, std::move(*measured)).first->second;
}

}  // namespace convoy::bench
