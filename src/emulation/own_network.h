// A network of one's own for who is not root.
#pragma once

#include "foundation/error.h"

namespace convoy::emulation {

// Makes this process root in namespaces of its own (user, network, mounts), in which links between
// emulated devices can be shaped by the kernel; it reaches no other network any more, and /run is
// empty. Nothing happens where it is root already. Only while the process has one thread. Error:
// why this machine does not let it; all is as before then.
[[nodiscard]] Result<void> enter_own_network();

}  // namespace convoy::emulation
