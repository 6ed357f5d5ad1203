// The sockets at which a worker is reached; only who is known comes in.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "foundation/error.h"
#include "runtime/drops.h"
#include "runtime/endpoint.h"
#include "runtime/gate.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// A message and who sent it.
struct Letter {
  std::string route;    // back
  std::string key;      // the sender's; empty where there are none
  std::string address;  // the sender's host; empty over ipc
  Parts parts;
};

// With a key pair, connections are encrypted, and made only by keys that the gate admits: asked
// when they connect, and again for each message, so that a key that is revoked is heard no more at
// once. Of the thread that owns sockets.
class Door {
 public:
  // `log` is told who was refused, in one line.
  Door(zmq::context_t& context, Endpoint endpoint, std::optional<KeyPair> own,
       std::function<void(std::string_view)> log);

  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door() { close(); }

  [[nodiscard]] Result<void> open();
  // Closes all connections, and lets those come back that may.
  [[nodiscard]] Result<void> reopen();
  // The answers that were sent last still leave, for at most this long.
  void linger(std::chrono::milliseconds time);

  [[nodiscard]] bool keyed() const { return own_.has_value(); }
  [[nodiscard]] Gate& gate() { return gate_; }
  [[nodiscard]] Drops& drops();
  // Connections that failed wake nobody: drops() counts them, as does this, to be called every now
  // and then.
  void count_failures();

  // For polling; then admit() if somebody wants to connect, and next() until it has nothing.
  void add_to(std::vector<zmq::pollitem_t>& items);
  [[nodiscard]] bool is_asked();
  // Answers who wants to connect.
  void admit();
  [[nodiscard]] std::optional<Letter> next(Gate::Side side);
  // False if the receiver is gone.
  bool send(Gate::Side side, const std::string& route, Parts parts);

 private:
  struct Socket {
    zmq::socket_t socket;
    zmq::socket_t monitor;  // tells failed connections
  };
  void close();
  [[nodiscard]] Result<Socket> listen(Gate::Side side);
  void say_refused(Gate::Side side, const std::string& address, const std::string& key);

  zmq::context_t& context_;
  Endpoint endpoint_;
  std::optional<KeyPair> own_;
  std::function<void(std::string_view)> log_;
  Gate gate_;
  Drops drops_;
  // Who knocks again and again is logged only now and then.
  std::map<std::string, std::chrono::steady_clock::time_point> said_;
  zmq::socket_t questions_;
  Socket control_;
  Socket data_;
};

}  // namespace convoy::runtime
