// How much one worker may send another before that has made room again.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "foundation/units.h"
#include "runtime/wire.h"

namespace convoy::runtime {

struct FlowLimits {
  Bytes credit{8 << 20};  // sent and not consumed, on each link
  Bytes held{8 << 20};    // waiting for credit on a link, above which no job begins (WorkerCore)
};

// The sending end of one connection (Intake is the other). Packets leave in the order of their
// requests, each when
//   - with it at most `credit` bytes are sent and not consumed; or
//   - nothing is, so that packets of any size get through; or
//   - nothing that is not consumed is of an older request.
// Without the last rule two links that feed one stage could wait for each other for ever: replicas
// finish out of order, so that one link can be full of request 8, which the stage gathers until the
// other brings its part, and the other full of request 7, which waits for the first. With it the
// oldest request goes on, whatever there is of others.
//
// What comes of the last rule is bounded, too, since there are only so many requests at a time: at
// most what a window of them weighs is under way beyond the credit.
//
// No sockets and no clock of its own.
class Flow {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // What has become of the bytes that were sent since the connection was made. Sums, so that the
  // next receipt makes up for one that was lost; repeated while something is kept unconsumed.
  struct Receipt {
    Bytes received{0};
    Bytes consumed{0};
    friend bool operator==(const Receipt&, const Receipt&) = default;
  };
  enum class Verdict {
    fine,
    old,         // says less than an earlier one
    impossible,  // says more than was sent
  };

  explicit Flow(Bytes credit) : credit_(credit) {}

  void push(Packet packet);
  // What is to be sent now, in that order.
  [[nodiscard]] std::vector<Packet> release(Time now);
  // Changes nothing unless it is fine.
  Verdict take(const Receipt& receipt, Time now);
  // Those that are held are not sent any more: of all requests, or of one.
  void forget(std::optional<std::uint64_t> request = std::nullopt);

  [[nodiscard]] Bytes held() const { return held_bytes_; }
  [[nodiscard]] std::optional<std::uint64_t> oldest_held() const;
  [[nodiscard]] Bytes outstanding() const { return sent_ - receipt_.consumed; }
  // Whether, for far too long, nothing has arrived of what is on the way, or no receipt has come
  // although something is outstanding. That is ten times what it should take by the rate that the
  // link has shown since it was made, and 5 s at least; 60 s while it has shown none. What has
  // arrived may be consumed as slowly as it is.
  [[nodiscard]] bool is_stalled(Time now) const;

 private:
  struct OnTheWay {
    Bytes end;  // of all that was sent
    Time sent;
  };
  [[nodiscard]] bool may_leave(std::uint64_t request, Bytes bytes) const;
  // Since when nothing has arrived although something is on the way.
  [[nodiscard]] Time waits_since() const;

  Bytes credit_;
  std::multimap<std::uint64_t, Packet> held_;  // by request
  Bytes held_bytes_{0};

  Bytes sent_{0};
  Receipt receipt_;
  // Sent and not consumed, by request. Receipts say how much was consumed, not what: the oldest, we
  // take it. So the last rule may let something go too early, but nothing too late.
  std::multimap<std::uint64_t, Bytes> outstanding_;

  std::deque<OnTheWay> on_the_way_;  // sent and not received
  Time arrived_{};                   // when something did for the last time
  // While something was on the way: the rate that the link has shown.
  Seconds busy_{0};
  Time heard_{};  // the last receipt; or since something is outstanding
};

[[nodiscard]] wire::DataHeader to_wire(const Flow::Receipt& receipt);
[[nodiscard]] Flow::Receipt from_wire(const wire::DataHeader& receipt);

}  // namespace convoy::runtime
