// ZeroMQ sockets as this folder uses them.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <zmq.hpp>

#include "foundation/error.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// A message part above this is refused before memory is allocated for it.
inline constexpr std::int64_t kMostPartBytes = std::int64_t{4} << 30;

// Nothing is ever dropped for a full queue: how much is under way is bounded by the window of
// requests in flight. Nothing delays the end of the process.
[[nodiscard]] zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type);
[[nodiscard]] Result<void> bind(zmq::socket_t& socket, const std::string& endpoint);
[[nodiscard]] Result<void> connect(zmq::socket_t& socket, const std::string& endpoint);

// The next whole message, or nothing if none is waiting.
[[nodiscard]] std::optional<Parts> receive(zmq::socket_t& socket);
// False if the peer is gone (routers only).
bool send(zmq::socket_t& socket, Parts parts);

// Waits until something is ready, at most `timeout` (nothing: as long as it takes). A signal ends
// the wait early.
void wait(std::span<zmq::pollitem_t> items, std::optional<std::chrono::steady_clock::duration> timeout);

}  // namespace convoy::runtime
