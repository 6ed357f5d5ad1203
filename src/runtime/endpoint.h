// Where a worker listens, in ZeroMQ's words.
#pragma once

#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy::runtime {

// Who can connect there.
enum class Reach {
  files,     // ipc: who may open the socket's file
  loopback,  // tcp: programs of this host
  network,   // tcp: everybody
};

struct Endpoint {
  std::string control;  // for the coordinator
  std::string data;     // for tensors: the next port, or PATH.data
  Reach reach = Reach::network;
  bool is_everywhere = false;  // at all addresses of the host
};

// "tcp://HOST:PORT" (a name, an IPv4 address or an IPv6 address in brackets; port 1 to 65534) or
// "ipc://PATH". Error: what is wrong with it, of kind `input`.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace convoy::runtime
