#include "emulation/virtual_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "emulation/tool.h"

namespace convoy::emulation {
namespace {

constexpr std::size_t kMostDevices = 250;
// Wi-Fi sends frames together, too: each frame alone would cost the receiver's processor more than a
// radio's do. At its link's rate a frame takes three milliseconds, where that is between these.
constexpr double kFrame_s = 0.003;
constexpr int kSmallestFrameBytes = 1500;
constexpr int kLargestFrameBytes = 30000;
constexpr int kEthernetHeaderBytes = 14;
// The host is .1, devices follow.
constexpr std::size_t kFirstDevice = 2;

struct Subnet {
  std::uint32_t address = 0;  // in host order
  std::uint32_t mask = 0;
};

// What this host has routes to, other than the default route.
std::vector<Subnet> routed_subnets() {
  std::vector<Subnet> subnets;
  std::ifstream file("/proc/net/route");
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    unsigned destination = 0;
    unsigned mask = 0;
    if (std::sscanf(line.c_str(), "%*s %x %*x %*x %*d %*d %*d %x", &destination, &mask) == 2 &&
        mask != 0) {
      subnets.push_back({ntohl(destination), ntohl(mask)});
    }
  }
  return subnets;
}

// A private /24 that no route of this host leads into: "10.213.7.".
Result<std::string> unused_prefix() {
  const std::vector<Subnet> taken = routed_subnets();
  const auto is_free = [&](std::uint32_t prefix) {
    return std::ranges::none_of(taken, [&](const Subnet& subnet) {
      const std::uint32_t mask = subnet.mask & 0xffffff00u;
      return (prefix & mask) == (subnet.address & mask);
    });
  };
  // Convoys that start at once should not choose the same.
  const std::uint32_t start = static_cast<std::uint32_t>(::getpid());
  for (const std::uint32_t range : {10u << 24 | 213u << 16, 172u << 24 | 30u << 16,
                                    192u << 24 | 168u << 16}) {
    for (std::uint32_t i = 0; i < 256; ++i) {
      const std::uint32_t prefix = range | ((start + i) % 256) << 8;
      if (!is_free(prefix)) continue;
      return fmt::format("{}.{}.{}.", prefix >> 24, prefix >> 16 & 255, prefix >> 8 & 255);
    }
  }
  return fail(ErrorKind::failure, "every private network is in use on this host");
}

}  // namespace

// Interface names have at most 15 characters: "convoy-1234567-0" becomes "cv1234567-0".
std::string bridge_of(const std::string& name) {
  const auto dash = name.find('-');
  return "cv" + name.substr(dash == std::string::npos ? 0 : dash + 1);
}

namespace {

int frame_bytes(const fleet::Fleet& fleet, DeviceId device) {
  const BytesPerSecond rate = fleet.fastest_link(device);
  if (rate.value() == 0) return kLargestFrameBytes;
  return static_cast<int>(std::clamp<double>(rate.value() * kFrame_s, kSmallestFrameBytes,
                                             kLargestFrameBytes));
}

// The host's end of a device's wire.
std::string wire_of(const std::string& name, DeviceId device) {
  return fmt::format("{}-{}", bridge_of(name), device.index());
}

}  // namespace

VirtualNetwork::VirtualNetwork(VirtualNetwork&& other) noexcept
    : name_(std::exchange(other.name_, {})),
      prefix_(std::move(other.prefix_)),
      added_(std::move(other.added_)) {}

VirtualNetwork::~VirtualNetwork() {
  if (name_.empty()) return;
  // The wire first: what is left in a namespace the kernel takes down some time later.
  for (const DeviceId device : added_) {
    [[maybe_unused]] auto gone = run_tool({"ip", "link", "del", wire_of(name_, device)});
    gone = run_tool({"ip", "netns", "del", namespace_of(device)});
  }
  [[maybe_unused]] const auto gone = run_tool({"ip", "link", "del", bridge_of(name_)});
}

Result<VirtualNetwork> VirtualNetwork::create(const std::string& name, const fleet::Fleet& fleet,
                                const std::vector<DeviceId>& devices) {
  if (devices.size() > kMostDevices) {
    return fail(ErrorKind::failure, "{} devices are more than the {} of one emulated network",
                devices.size(), kMostDevices);
  }
  const auto prefix = unused_prefix();
  if (!prefix) return std::unexpected(prefix.error());
  VirtualNetwork network(name);
  network.prefix_ = *prefix;
  const std::string bridge = bridge_of(name);
  auto made = run_tool({"ip", "-batch", "-"},
                       fmt::format("link add {0} type bridge\n"
                                   "addr add {1}1/24 dev {0}\n"
                                   "link set {0} mtu {2} up\n",
                                   bridge, *prefix, kLargestFrameBytes));
  for (std::size_t i = 0; made && i < devices.size(); ++i) made = network.add(devices[i], fleet);
  for (std::size_t i = 0; made && i < devices.size(); ++i) {
    made = network.shape(devices[i], fleet, devices);
  }
  if (!made) return std::unexpected(made.error());
  return network;
}

std::string VirtualNetwork::namespace_of(DeviceId device) const {
  return fmt::format("{}-{}", name_, device.index());
}

std::string VirtualNetwork::address(DeviceId device) const {
  const auto position = std::ranges::find(added_, device) - added_.begin();
  return prefix_ + std::to_string(static_cast<std::size_t>(position) + kFirstDevice);
}

Result<void> VirtualNetwork::add(DeviceId device, const fleet::Fleet& fleet) {
  added_.push_back(device);
  const std::string bridge = bridge_of(name_);
  const std::string wire = wire_of(name_, device);
  const std::string space = namespace_of(device);
  const int frame = frame_bytes(fleet, device);
  // One segment a frame, or the shaper sees bursts of 64 kB.
  return run_tool({"ip", "-batch", "-"},
                  fmt::format("netns add {0}\n"
                              "link add {1} mtu {3} type veth peer name eth0 netns {0}\n"
                              "link set {1} master {2}\n"
                              "link set {1} up\n",
                              space, wire, bridge, frame))
      .and_then([&] {
        return run_tool({"ip", "-n", space, "-batch", "-"},
                        fmt::format("addr add {}/24 dev eth0\n"
                                    "link set lo up\n"
                                    "link set eth0 mtu {} gso_max_segs 1 up\n",
                                    address(device), frame));
      });
}

Result<void> VirtualNetwork::shape(DeviceId device, const fleet::Fleet& fleet,
                            const std::vector<DeviceId>& devices) const {
  const BytesPerSecond fastest = fleet.fastest_link(device);
  if (fastest.value() == 0) return {};

  const auto bits = [](BytesPerSecond rate) { return fmt::format("{:.0f}bit", rate.value() * 8); };
  const int frame = frame_bytes(fleet, device);
  const std::string bucket =  // one frame, and room for its headers
      fmt::format("burst {0} cburst {0} quantum {1}", frame + 100, frame + kEthernetHeaderBytes);
  // What no filter matches (the host's traffic) passes HTB by.
  std::string script = "qdisc add dev eth0 root handle 1: htb default 0 r2q 100000\n";
  std::string parent = "1:";
  if (fleet.contention != fleet::Contention::link) {
    // Devices that share the air: all that this one sends shares the rate of its fastest link.
    parent = "1:1";
    script += fmt::format("class add dev eth0 parent 1: classid 1:1 htb rate {} {}\n",
                          bits(fastest), bucket);
  }
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const BytesPerSecond rate = fleet.links[device][devices[i]].bandwidth;
    if (devices[i] == device || rate.value() == 0) continue;
    const std::string classid = fmt::format("1:{:x}", i + 16);
    // Below a shared parent a class may borrow up to its own link's rate.
    const BytesPerSecond assured = parent == "1:" ? rate : rate / static_cast<double>(devices.size());
    script += fmt::format(
        "class add dev eth0 parent {0} classid {1} htb rate {2} ceil {3} {4}\n"
        "qdisc add dev eth0 parent {1} bfifo limit 1mb\n"
        "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst {5}/32 flowid {1}\n",
        parent, classid, bits(assured), bits(rate), bucket, address(devices[i]));
  }
  return run_tool({"tc", "-n", namespace_of(device), "-batch", "-"}, script);
}

Result<FileDescriptor> VirtualNetwork::open_namespace(DeviceId device) const {
  const std::string file = "/run/netns/" + namespace_of(device);
  FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) {
    return fail(ErrorKind::failure, "cannot open {}: {}", file, std::strerror(errno));
  }
  return opened;
}

Result<void> try_network(const std::string& name) {
  fleet::Fleet fleet;
  fleet.devices = {{.name = "a"}, {.name = "b"}};
  fleet.links = {{{}, {.bandwidth = BytesPerSecond(1e6)}}, {{.bandwidth = BytesPerSecond(1e6)}, {}}};
  return VirtualNetwork::create(name, fleet, {DeviceId(0), DeviceId(1)}).transform([](const VirtualNetwork&) {});
}

}  // namespace convoy::emulation
