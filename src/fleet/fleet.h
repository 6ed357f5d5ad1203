// The devices that travel together, and the links between them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "foundation/id.h"
#include "foundation/units.h"

namespace convoy::fleet {

// Electrical power of a device that waits, and of one that computes on all its cores.
struct Power {
  Watts idle;
  Watts busy;
};

struct Device {
  std::string name;
  std::string type;                         // "phone", "gpu"; free text
  Bytes memory;                             // what models may use; 0: not limited
  double cores = 0;                         // CPU cores, fractions allowed; 0: not limited
  std::optional<Hertz> frequency;
  std::optional<FlopsPerSecond> flops;      // estimates, used when nothing was measured
  std::optional<BytesPerSecond> memory_bandwidth;
  std::optional<Power> power;
  // Which part of a transfer's time, its own or another's to it, it cannot compute: 0 to 1. Published
  // planning problems have 1; convoy's own pipeline overlaps them.
  double transfer_load = 0;
  std::string provider = "cpu";             // ONNX Runtime execution provider
  std::string address;                      // where a real worker listens; empty: emulated here
};

struct Link {
  BytesPerSecond bandwidth;  // 0: not limited
  Seconds latency{0};
};

// Who shares what when several transfers run at once.
enum class Contention {
  link,    // every ordered pair has a link of its own
  radio,   // all that a device sends and receives shares its bandwidth
  medium,  // all transfers share one medium
};

struct Fleet {
  ById<DeviceId, Device> devices;
  // links[from][to]. From a device's `bandwidth` alone: the smaller of both ends'.
  ById<DeviceId, ById<DeviceId, Link>> links;
  Contention contention = Contention::link;
  // A value is sent once, however many devices read it: so in published planning problems. convoy's own
  // pipeline sends it to each.
  bool multicast = false;

  [[nodiscard]] std::optional<DeviceId> find(std::string_view name) const;
  // The bandwidth of the fastest link out of a device; 0: none has a limit.
  [[nodiscard]] BytesPerSecond fastest_link(DeviceId from) const;
};

// How many threads compute on a device: its cores, rounded up; 1 where they are not limited.
[[nodiscard]] int threads_of(const Device& device);

// Ianvs' partition point: a sub-model by the names of its inputs and outputs, and who runs it.
struct PartitionPoint {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  DeviceId device;
  int line = 0;  // in the file, for messages
};

}  // namespace convoy::fleet
