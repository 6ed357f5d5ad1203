// Any bytes as a devices.yaml: a fleet, or refused.
#include "fleet/devices_file.h"
#include "input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)convoy::fleet::read_devices(convoy::input_file("devices.yaml", data, size));
  return 0;
}
