// ZeroMQ sockets as this folder uses them.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <zmq.hpp>

#include "foundation/error.h"
#include "runtime/keys.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// A message part above this is refused before memory is allocated for it.
inline constexpr std::int64_t kMostPartBytes = std::int64_t{4} << 30;
// The same of what coordinators and workers say to each other besides tensors: a sample of a
// model's inputs is the most.
inline constexpr std::int64_t kMostControlBytes = std::int64_t{256} << 20;

// Nothing is ever dropped for a full queue: how much is under way is bounded by the window of
// requests in flight, and between workers by Flow. Nothing delays the end of the process.
[[nodiscard]] zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type);
[[nodiscard]] Result<void> bind(zmq::socket_t& socket, const std::string& endpoint);
[[nodiscard]] Result<void> connect(zmq::socket_t& socket, const std::string& endpoint);

// Mutual authentication and encryption (CURVE). Before bind: only connections that the handler at
// inproc://zeromq.zap.01 admits, which is told `domain`.
void secure_server(zmq::socket_t& socket, const KeyPair& own, const std::string& domain);
// Before connect: only to the owner of `server_key`.
void secure_client(zmq::socket_t& socket, const KeyPair& own, const std::string& server_key);

// A socket that tells what becomes of the connections of another: of the ZMQ_EVENT_* in `events`.
[[nodiscard]] Result<zmq::socket_t> watch(zmq::context_t& context, zmq::socket_t& socket,
                                          int events);
// Must come before the watching socket goes: ZeroMQ's own thread waits for whoever watches and is not
// there.
void stop_watching(zmq::socket_t& socket);
// The next event, or 0 if nothing has happened.
[[nodiscard]] int next_event(zmq::socket_t& monitor);

// The next whole message, or nothing if none is waiting.
[[nodiscard]] std::optional<Parts> receive(zmq::socket_t& socket);
// False if the peer is gone (routers only).
bool send(zmq::socket_t& socket, Parts parts);

// Waits until something is ready, at most `timeout` (nothing: as long as it takes). A signal ends
// the wait early.
void wait(std::span<zmq::pollitem_t> items, std::optional<std::chrono::steady_clock::duration> timeout);

}  // namespace convoy::runtime
