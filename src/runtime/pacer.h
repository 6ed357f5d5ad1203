// Links that are not there: when a packet may leave, where the network itself does not say.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "foundation/units.h"
#include "runtime/link_pace.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Holds packets back as links would that change: one after the other, each for its bytes over the
// rate, and then for the latency. No clock of its own.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pacer(Sharing sharing = Sharing::own_links) : sharing_(sharing) {}

  // From that time on, or from the last that was told, if that is later. What waits goes on at the
  // new rate; what has left keeps its latency.
  void set(PeerId peer, const LinkPace& link, Time now);
  void push(Packet packet, Bytes bytes, Time now);
  // When to look again; release() may have something then.
  [[nodiscard]] std::optional<Time> next() const;
  // What may leave by now, in that order.
  [[nodiscard]] std::vector<Packet> release(Time now);

 private:
  struct Waiting {
    Packet packet;
    double bytes = 0;  // that have not left yet
  };
  struct Queue {
    std::deque<Waiting> waiting;
    Time since;  // the bytes are those of this time
  };

  [[nodiscard]] const LinkPace& link(PeerId peer) const;
  [[nodiscard]] PeerId queue_of(PeerId peer) const;
  // The packet that is on the air: the first whose link is not cut.
  [[nodiscard]] std::optional<std::size_t> turn_of(const Queue& queue) const;
  // When it has left.
  [[nodiscard]] Time end_of(const Queue& queue, std::size_t turn) const;
  void advance(Queue& queue, Time now);

  Sharing sharing_;
  std::map<PeerId, LinkPace> links_;
  std::map<PeerId, Queue> queues_;  // of each link, or (under kCoordinator) the radio
  std::map<PeerId, Time> last_;     // in held_: on a link nothing is overtaken
  std::multimap<Time, Packet> held_;
};

}  // namespace convoy::runtime
