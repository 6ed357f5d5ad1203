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
constexpr int kHost = 1;
constexpr int kFirstDevice = 2;
// Of HTB: where packets get lost, and where classes of links begin.
constexpr std::string_view kNowhere = "1:2";
constexpr int kFirstClass = 16;
constexpr std::string_view kQueue = "bfifo limit 1mb";
// Filters of what is cut, each with a number of its own, by which it can be removed again.
constexpr int kCutPriority = 100;

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

std::string bits(BytesPerSecond rate) { return fmt::format("{:.0f}bit", rate.value() * 8); }

// HTB that lets everything pass, and a class of it that nothing leaves.
std::string htb(const std::string& interface) {
  return fmt::format(
      "qdisc add dev {0} root handle 1: htb default 0 r2q 100000\n"
      "class add dev {0} parent 1: classid {1} htb rate 1gbit\n"
      "qdisc add dev {0} parent {1} blackhole\n",
      interface, kNowhere);
}

// The host's end of a device's wire.
std::string wire_of(const std::string& name, DeviceId device) {
  return fmt::format("{}-{}", bridge_of(name), device.index());
}

}  // namespace

VirtualNetwork::~VirtualNetwork() {
  controls_.clear();
  // The wire first: what is left in a namespace the kernel takes down some time later.
  for (const DeviceId device : added_) {
    [[maybe_unused]] auto gone = run_tool({"ip", "link", "del", wire_of(name_, device)});
    gone = run_tool({"ip", "netns", "del", namespace_of(device)});
  }
  [[maybe_unused]] const auto gone = run_tool({"ip", "link", "del", bridge_of(name_)});
}

Result<std::unique_ptr<VirtualNetwork>> VirtualNetwork::create(
    const std::string& name, const fleet::Fleet& fleet, const std::vector<DeviceId>& devices) {
  if (devices.size() > kMostDevices) {
    return fail(ErrorKind::failure, "{} devices are more than the {} of one emulated network",
                devices.size(), kMostDevices);
  }
  const auto prefix = unused_prefix();
  if (!prefix) return std::unexpected(prefix.error());
  std::unique_ptr<VirtualNetwork> network(new VirtualNetwork(name, *prefix, fleet));
  const std::string bridge = bridge_of(name);
  auto made = run_tool({"ip", "-batch", "-"},
                       fmt::format("link add {0} type bridge\n"
                                   "addr add {1}/24 dev {0}\n"
                                   "link set {0} mtu {2} up\n",
                                   bridge, network->address(End()), kLargestFrameBytes));
  for (std::size_t i = 0; made && i < devices.size(); ++i) made = network->add(devices[i]);
  for (std::size_t i = 0; made && i < devices.size(); ++i) made = network->shape(devices[i]);
  if (!made) return std::unexpected(made.error());
  return network;
}

std::string VirtualNetwork::namespace_of(DeviceId device) const {
  return fmt::format("{}-{}", name_, device.index());
}

int VirtualNetwork::number_of(End end) const {
  if (!end) return kHost;
  return kFirstDevice + static_cast<int>(std::ranges::find(added_, *end) - added_.begin());
}

std::string VirtualNetwork::address(End end) const {
  return prefix_ + std::to_string(number_of(end));
}

Result<void> VirtualNetwork::add(DeviceId device) {
  added_.push_back(device);
  const std::string bridge = bridge_of(name_);
  const std::string wire = wire_of(name_, device);
  const std::string space = namespace_of(device);
  const int frame = frame_bytes_[device] = frame_bytes(fleet_, device);
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

bool VirtualNetwork::is_shaped(DeviceId from, DeviceId to) const {
  return fleet_.links[from][to].bandwidth.value() > 0;
}

std::string VirtualNetwork::class_of(DeviceId to) const {
  return fmt::format("1:{:x}", kFirstClass + number_of(to));
}

// One frame, and room for its headers.
std::string VirtualNetwork::bucket(DeviceId from) const {
  const int frame = frame_bytes_.at(from);
  return fmt::format("burst {0} cburst {0} quantum {1}", frame + 100, frame + kEthernetHeaderBytes);
}

// Devices that share the air: all that this one sends shares the rate of its fastest link.
std::string VirtualNetwork::root_class(DeviceId from) const {
  return fmt::format("parent 1: classid 1:1 htb rate {} {}", bits(fleet_.fastest_link(from)),
                     bucket(from));
}

std::string VirtualNetwork::link_class(DeviceId from, DeviceId to) const {
  const bool shares = fleet_.contention != fleet::Contention::link;
  const BytesPerSecond rate = fleet_.links[from][to].bandwidth;
  // Below a shared parent a class may borrow up to its own link's rate.
  const BytesPerSecond assured = shares ? rate / static_cast<double>(added_.size()) : rate;
  return fmt::format("parent {} classid {} htb rate {} ceil {} {}",
                     shares ? "1:1" : "1:", class_of(to), bits(assured), bits(rate), bucket(from));
}

Result<void> VirtualNetwork::shape(DeviceId device) {
  // What no filter matches (the host's traffic) passes HTB by.
  std::string script = htb("eth0");
  if (fleet_.contention != fleet::Contention::link && fleet_.fastest_link(device).value() > 0) {
    script += fmt::format("class add dev eth0 {}\n", root_class(device));
  }
  for (const DeviceId to : added_) {
    if (to == device || !is_shaped(device, to)) continue;
    script += fmt::format(
        "class add dev eth0 {0}\n"
        "qdisc add dev eth0 parent {1} {2}\n"
        "filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst {3}/32 flowid {1}\n",
        link_class(device, to), class_of(to), kQueue, address(to));
  }
  return run_tool({"tc", "-n", namespace_of(device), "-batch", "-"}, script);
}

Result<void> VirtualNetwork::control(End from, const std::string& script) {
  auto found = controls_.find(from);
  if (found == controls_.end()) {
    auto started = TrafficControl::start(from ? namespace_of(*from) : "");
    if (!started) return std::unexpected(started.error());
    found = controls_.emplace(from, *std::move(started)).first;
  }
  return found->second.run(script);
}

Result<void> VirtualNetwork::set_rate(DeviceId from, DeviceId to, BytesPerSecond rate) {
  const std::lock_guard lock(changing_);
  const BytesPerSecond before = fleet_.links[from][to].bandwidth;
  if (before == rate) return {};
  const BytesPerSecond fastest = fleet_.fastest_link(from);
  fleet_.links[from][to].bandwidth = rate;
  std::string script;
  if (fleet_.contention != fleet::Contention::link && fleet_.fastest_link(from) != fastest) {
    script = fmt::format("class change dev eth0 {}\n", root_class(from));
  }
  script += fmt::format("class change dev eth0 {}\n", link_class(from, to));
  auto done = control(from, script);
  if (!done) fleet_.links[from][to].bandwidth = before;
  return done;
}

std::string VirtualNetwork::cut_script(End from, End to) const {
  if (!from) {
    const std::string wire = wire_of(name_, *to);
    return htb(wire) + fmt::format(
                           "filter add dev {} parent 1: protocol ip prio 1 u32 "
                           "match ip src {}/32 flowid {}\n",
                           wire, address(from), kNowhere);
  }
  if (to && is_shaped(*from, *to)) {
    return fmt::format("qdisc replace dev eth0 parent {} blackhole\n", class_of(*to));
  }
  return fmt::format(
      "filter add dev eth0 parent 1: protocol ip prio {} u32 match ip dst {}/32 "
      "flowid {}\n",
      kCutPriority + number_of(to), address(to), kNowhere);
}

std::string VirtualNetwork::mend_script(End from, End to) const {
  if (!from) return fmt::format("qdisc del dev {} root\n", wire_of(name_, *to));
  if (to && is_shaped(*from, *to)) {
    return fmt::format("qdisc replace dev eth0 parent {} {}\n", class_of(*to), kQueue);
  }
  return fmt::format("filter del dev eth0 parent 1: protocol ip prio {}\n",
                     kCutPriority + number_of(to));
}

Result<void> VirtualNetwork::set(State state, End from, End to) {
  const std::lock_guard lock(changing_);
  const bool cuts = state == State::cut;
  if (from == to || cut_.contains({from, to}) == cuts) return {};
  // What the host sends is caught at its end of the device's wire.
  auto done = control(from, cuts ? cut_script(from, to) : mend_script(from, to));
  if (!done) return done;
  if (cuts) {
    cut_.emplace(from, to);
  } else {
    cut_.erase({from, to});
  }
  return {};
}

Result<void> VirtualNetwork::set(State state, DeviceId device, Direction direction) {
  std::vector<End> others(added_.begin(), added_.end());
  others.push_back(std::nullopt);
  for (const End other : others) {
    if (direction != Direction::to_device) {
      if (auto done = set(state, device, other); !done) return done;
    }
    if (direction != Direction::from_device) {
      if (auto done = set(state, other, device); !done) return done;
    }
  }
  return {};
}

Result<void> VirtualNetwork::cut(End from, End to) { return set(State::cut, from, to); }
Result<void> VirtualNetwork::mend(End from, End to) { return set(State::mended, from, to); }
Result<void> VirtualNetwork::cut(DeviceId device, Direction direction) {
  return set(State::cut, device, direction);
}
Result<void> VirtualNetwork::mend(DeviceId device, Direction direction) {
  return set(State::mended, device, direction);
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
  return VirtualNetwork::create(name, fleet, {DeviceId(0), DeviceId(1)})
      .transform([](const auto& /*network*/) {});
}

}  // namespace convoy::emulation
