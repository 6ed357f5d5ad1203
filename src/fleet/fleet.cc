#include "fleet/fleet.h"

namespace convoy::fleet {

std::optional<DeviceId> Fleet::find(std::string_view name) const {
  for (const DeviceId device : devices.ids()) {
    if (devices[device].name == name) return device;
  }
  return std::nullopt;
}

}  // namespace convoy::fleet
