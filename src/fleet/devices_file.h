// devices.yaml: Ianvs' file, and what convoy adds to it. docs/devices.md is its reference.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "fleet/trace.h"
#include "foundation/error.h"

namespace convoy::fleet {

struct DevicesFile {
  Fleet fleet;                         // without its changes
  FleetChanges changes;                // empty when the file has neither traces nor events
  std::vector<PartitionPoint> points;  // empty when the file has none
  std::vector<std::string> notes;      // slips that were understood: "bandwith" read as "bandwidth"
};

// Upstream's spelling is understood (`memory: "1024"` in MB, `freq` in GHz, `bandwith` in Mbit/s).
// Errors: "devices.yaml:14: device \"gpu-0\" is not declared; ...", likewise for unknown keys,
// units, repeated names, no devices. Traces are read too; their files are named from where `file`
// is.
[[nodiscard]] Result<DevicesFile> read_devices(const std::filesystem::path& file);

}  // namespace convoy::fleet
