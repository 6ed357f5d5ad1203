#include "bench/device_profiles.h"

#include "emulation/local_host.h"
#include "runtime/remote_profile.h"

namespace convoy::bench {

Result<const profile::Profile*> DeviceProfiles::of(const PreparedModel& model,
                                                   const fleet::Fleet& fleet,
                                                   const std::filesystem::path& devices_file) {
  const std::pair key(model.file, devices_file);
  if (const auto found = known_.find(key); found != known_.end()) return &found->second;
  auto host = emulation::make_local_host(fleet, program_, emulation::MemoryLimit::ignored);
  if (!host) return std::unexpected(host.error());
  std::vector<engine::SharedTensor> inputs;
  for (const std::string& name : model.inputs()) inputs.push_back(model.sample.at(name));
  auto measured = runtime::profile_fleet(model.file, inputs, fleet, **host);
  (*host)->stop_all();
  if (!measured) return std::unexpected(measured.error());
  return &known_.emplace(key, std::move(*measured)).first->second;
}

}  // namespace convoy::bench
