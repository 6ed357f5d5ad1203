// Links that are not there: when a packet may leave, where the network itself does not say.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "foundation/units.h"
#include "runtime/wire.h"

namespace convoy::runtime {

// Holds packets back as a link would: one after the other, each for its bytes over the rate, and
// then for the latency. No clock of its own.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Link {
    BytesPerSecond rate{0};  // 0: unpaced
    Seconds latency{0};
  };
  enum class Sharing { own_links, one_radio };  // one_radio: paced links take turns

  Pacer(std::map<PeerId, Link> links, Sharing sharing);

  void push(Packet packet, Bytes bytes, Time now);
  // When release() will have something.
  [[nodiscard]] std::optional<Time> next() const;
  // What may leave by now, in that order.
  [[nodiscard]] std::vector<Packet> release(Time now);

 private:
  std::map<PeerId, Link> links_;
  Sharing sharing_;
  std::map<PeerId, Time> free_;  // when each link, or (under kCoordinator) the radio, is free again
  std::multimap<Time, Packet> held_;
};

}  // namespace convoy::runtime
