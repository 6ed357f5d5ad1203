#include "fleet/fleet.h"

#include <algorithm>
#include <cmath>

namespace convoy::fleet {

std::optional<DeviceId> Fleet::find(std::string_view name) const {
  for (const DeviceId device : devices.ids()) {
    if (devices[device].name == name) return device;
  }
  return std::nullopt;
}

BytesPerSecond Fleet::fastest_link(DeviceId from) const {
  BytesPerSecond fastest{0};
  for (const DeviceId to : devices.ids()) {
    if (to != from) fastest = std::max(fastest, links[from][to].bandwidth);
  }
  return fastest;
}

int threads_of(const Device& device) {
  return std::max(1, static_cast<int>(std::ceil(device.cores)));
}

}  // namespace convoy::fleet
