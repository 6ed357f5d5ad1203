// A network of namespaces: one for each emulated device, on a bridge, each link as slow as the
// fleet says, or as dead as whoever asks for it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "emulation/traffic_control.h"
#include "fleet/fleet.h"
#include "foundation/error.h"
#include "foundation/file_descriptor.h"

namespace convoy::emulation {

// An end of a link: a device, or (nothing) this host, where the coordinator is.
using End = std::optional<DeviceId>;

enum class Direction { from_device, to_device, both };

// Removed by its destructor. What leaves a device for another one is held to the link's bandwidth by
// HTB, frames and headers included (so tensors get some 95 % of it, as on a real link); what goes to
// or comes from this host is not held at all.
class VirtualNetwork {
 public:
  // `name` is unique on this machine and short; at most 250 devices. A link gets frames that suit
  // its bandwidth in `fleet`.
  [[nodiscard]] static Result<std::unique_ptr<VirtualNetwork>> create(
      const std::string& name, const fleet::Fleet& fleet, const std::vector<DeviceId>& devices);
  VirtualNetwork(const VirtualNetwork&) = delete;
  VirtualNetwork& operator=(const VirtualNetwork&) = delete;
  ~VirtualNetwork();

  // To enter with setns().
  [[nodiscard]] Result<FileDescriptor> open_namespace(DeviceId device) const;
  // IPv4, as the other ends reach it.
  [[nodiscard]] std::string address(End end) const;

  // Changes, in force on return; any thread may make them.

  // Above 0, of a link that has had a bandwidth from the beginning. Not so low that a frame (3 ms
  // at that bandwidth; 1500 to 30,000 bytes) takes seconds: it is waited for at the next rate, too.
  [[nodiscard]] Result<void> set_rate(DeviceId from, DeviceId to, BytesPerSecond rate);
  // IP packets from one end to the other get lost, and nobody is told, as in a tunnel; so do those
  // that wait for the link to be free. A link that is cut is still cut when it is cut again.
  [[nodiscard]] Result<void> cut(End from, End to);
  [[nodiscard]] Result<void> mend(End from, End to);
  // The same of all links of a device, that with this host included.
  [[nodiscard]] Result<void> cut(DeviceId device, Direction direction = Direction::both);
  [[nodiscard]] Result<void> mend(DeviceId device, Direction direction = Direction::both);

 private:
  enum class State { cut, mended };

  VirtualNetwork(std::string name, std::string prefix, const fleet::Fleet& fleet)
      : name_(std::move(name)), prefix_(std::move(prefix)), fleet_(fleet) {}
  [[nodiscard]] std::string namespace_of(DeviceId device) const;
  [[nodiscard]] Result<void> add(DeviceId device);
  [[nodiscard]] Result<void> shape(DeviceId device);

  // The last of an address.
  [[nodiscard]] int number_of(End end) const;
  // Of HTB, as tc names and describes them.
  [[nodiscard]] bool is_shaped(DeviceId from, DeviceId to) const;
  [[nodiscard]] std::string class_of(DeviceId to) const;
  [[nodiscard]] std::string bucket(DeviceId from) const;
  [[nodiscard]] std::string root_class(DeviceId from) const;
  [[nodiscard]] std::string link_class(DeviceId from, DeviceId to) const;

  [[nodiscard]] std::string cut_script(End from, End to) const;
  [[nodiscard]] std::string mend_script(End from, End to) const;
  [[nodiscard]] Result<void> set(State state, End from, End to);
  [[nodiscard]] Result<void> set(State state, DeviceId device, Direction direction);
  // Runs tc where packets from there go out.
  [[nodiscard]] Result<void> control(End from, const std::string& script);

  std::string name_;
  std::string prefix_;  // "10.213.7."
  fleet::Fleet fleet_;  // with links as they are now
  std::vector<DeviceId> added_;
  std::map<DeviceId, int> frame_bytes_;

  std::mutex changing_;  // for what follows, and the links
  std::set<std::pair<End, End>> cut_;
  std::map<End, TrafficControl> controls_;
};

// The name that VirtualNetwork gives to the bridge of `name`.
[[nodiscard]] std::string bridge_of(const std::string& name);

// Would create() work here? Tries it.
[[nodiscard]] Result<void> try_network(const std::string& name);

}  // namespace convoy::emulation
