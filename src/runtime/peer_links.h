// What a worker sends on to other workers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "foundation/error.h"
#include "messages.pb.h"
#include "runtime/pacer.h"
#include "runtime/parcel.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Connections from one worker to the data sockets of its peers. Of the thread that owns sockets.
class PeerLinks {
 public:
  explicit PeerLinks(zmq::context_t& context) : context_(context) {}

  // Drops what was connected before, connects, and knocks at each peer.
  [[nodiscard]] Result<void> connect(const wire::Setup& setup);
  void close();
  // Has every peer answered the knock?
  [[nodiscard]] bool open() const;
  [[nodiscard]] PeerId self() const { return self_; }

  // Sends now, or when the link's pace lets it.
  void send(Delivery delivery, Pacer::Time now);
  void release(Pacer::Time now);
  [[nodiscard]] std::optional<Pacer::Time> next_release() const { return pacer_.next(); }

  // For polling: knocks are answered on these.
  void add_to(std::vector<zmq::pollitem_t>& items);
  void receive();

 private:
  struct Link {
    zmq::socket_t socket;
    bool open = false;
    bool paced = false;
  };

  zmq::context_t& context_;
  PeerId self_;
  std::map<PeerId, Link> links_;
  Pacer pacer_{{}, Pacer::Sharing::own_links};
};

}  // namespace convoy::runtime
