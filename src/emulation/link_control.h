// Whatever makes the links of emulated devices what they are at the moment.
#pragma once

#include "foundation/error.h"
#include "foundation/id.h"
#include "runtime/link_pace.h"

namespace convoy::emulation {

// Any thread may make changes; they are in force a moment later.
class LinkControl {
 public:
  virtual ~LinkControl() = default;
  [[nodiscard]] virtual Result<void> set(DeviceId from, DeviceId to,
                                         const runtime::LinkPace& link) = 0;
  // By this host, and this host by it.
  [[nodiscard]] virtual Result<void> set_reachable(DeviceId device, bool reachable) = 0;
};

}  // namespace convoy::emulation
