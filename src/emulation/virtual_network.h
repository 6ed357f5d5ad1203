// A network of namespaces: one for each emulated device, on a bridge, each link as slow as the fleet
// says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/file_descriptor.h"

namespace convoy::emulation {

// Removed by its destructor. What leaves a device for another one is held to the link's bandwidth by
// HTB, frames and headers included (so tensors get some 95 % of it, as on a real link); what goes to
// or comes from this host is not held at all.
class VirtualNetwork {
 public:
  // `name` is unique on this machine and short; at most 250 devices.
  [[nodiscard]] static Result<VirtualNetwork> create(const std::string& name, const fleet::Fleet& fleet,
                                              const std::vector<DeviceId>& devices);
  VirtualNetwork(VirtualNetwork&& other) noexcept;
  VirtualNetwork& operator=(VirtualNetwork&&) = delete;
  ~VirtualNetwork();

  // To enter with setns().
  [[nodiscard]] Result<FileDescriptor> open_namespace(DeviceId device) const;
  // IPv4, as the host and the other devices reach it.
  [[nodiscard]] std::string address(DeviceId device) const;

 private:
  explicit VirtualNetwork(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string namespace_of(DeviceId device) const;
  [[nodiscard]] Result<void> add(DeviceId device, const fleet::Fleet& fleet);
  [[nodiscard]] Result<void> shape(DeviceId device, const fleet::Fleet& fleet,
                                   const std::vector<DeviceId>& devices) const;

  std::string name_;    // empty: moved from
  std::string prefix_;  // "10.213.7."
  std::vector<DeviceId> added_;
};

// The names that VirtualNetwork gives to the bridge and the namespaces of `name`.
[[nodiscard]] std::string bridge_of(const std::string& name);

// Would create() work here? Tries it.
[[nodiscard]] Result<void> try_network(const std::string& name);

}  // namespace convoy::emulation
