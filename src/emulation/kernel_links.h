// Links that are slow because the kernel keeps them so.
#pragma once

#include "emulation/link_control.h"
#include "emulation/virtual_network.h"

namespace convoy::emulation {

// Latencies are not the kernel's: `workers` keep to them. Both must outlive it.
class KernelLinks : public LinkControl {
 public:
  KernelLinks(VirtualNetwork& network, LinkControl& workers)
      : network_(network), workers_(workers) {}

  Result<void> set(DeviceId from, DeviceId to, const runtime::LinkPace& link) override {
    if (auto told = workers_.set(from, to, {.latency = link.latency}); !told) return told;
    if (link.is_cut) return network_.cut(from, to);
    if (link.rate.value() > 0) {
      if (auto set = network_.set_rate(from, to, link.rate); !set) return set;
    }
    return network_.mend(from, to);
  }
  Result<void> set_reachable(DeviceId device, bool reachable) override {
    const auto change = [&](End from, End to) {
      return reachable ? network_.mend(from, to) : network_.cut(from, to);
    };
    return change(device, std::nullopt).and_then([&] { return change(std::nullopt, device); });
  }

 private:
  VirtualNetwork& network_;
  LinkControl& workers_;
};

}  // namespace convoy::emulation
