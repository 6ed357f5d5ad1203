// What a worker sends on to other workers.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "foundation/error.h"
#include "runtime/keys.h"
#include "runtime/link_lines.h"
#include "runtime/pacer.h"
#include "runtime/parcel.h"
#include "runtime/setup.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Connections from one worker to the data sockets of its peers. Of the thread that owns sockets.
class PeerLinks {
 public:
  PeerLinks(zmq::context_t& context, std::optional<KeyPair> own, Sharing sharing)
      : context_(context), own_(std::move(own)), sharing_(sharing), pacer_(sharing) {}
  PeerLinks(const PeerLinks&) = delete;
  PeerLinks& operator=(const PeerLinks&) = delete;
  ~PeerLinks() { close(); }

  // Drops what was connected before, connects, and knocks at each peer. Error: an address that is
  // none, or a peer whose link would be encrypted at one end only.
  [[nodiscard]] Result<void> connect(PeerId self, const std::vector<PeerSpec>& peers,
                                     Pacer::Time now);
  void close();
  [[nodiscard]] std::map<PeerId, std::string> names() const;
  // A peer that has not answered the knock, or nothing once all have.
  [[nodiscard]] const PeerSpec* closed() const;

  // Whether the connection to any was lost, and what was under way on it with it.
  [[nodiscard]] bool has_broken() const;

  // How links to peers of that name are paced from then on, those that are still to be made as
  // well.
  void pace(const LinkLine& line, Pacer::Time now);
  // Sends now, or when the link's pace lets it.
  void send(Packet packet, Pacer::Time now);
  void release(Pacer::Time now);
  [[nodiscard]] std::optional<Pacer::Time> next_release() const { return pacer_.next(); }

  // For polling: peers answer on these, and losses are told.
  void add_to(std::vector<zmq::pollitem_t>& items);
  // What peers said, besides answers to knocks.
  [[nodiscard]] std::vector<std::pair<PeerId, Parts>> receive();

 private:
  struct Link {
    PeerSpec peer;
    zmq::socket_t socket;
    zmq::socket_t monitor;
    bool open = false;
    bool broken = false;  // after it was open
  };

  zmq::context_t& context_;
  std::optional<KeyPair> own_;
  Sharing sharing_;
  std::map<std::string, LinkPace> paces_;  // by name
  std::map<PeerId, Link> links_;
  Pacer pacer_;
};

}  // namespace convoy::runtime
