// For tests: links in memory, in virtual time, with whatever can go wrong.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <utility>
#include <vector>

#include "foundation/clock.h"
#include "foundation/units.h"
#include "runtime/wire.h"

namespace convoy::runtime {

using SimulatedTime = std::chrono::steady_clock::time_point;

// What is to happen when; of things at the same time, what was said first.
class Agenda {
 public:
  [[nodiscard]] SimulatedTime now() const { return now_; }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  void at(SimulatedTime time, std::function<void()> what) {
    events_.push({std::max(time, now_), next_++, std::move(what)});
  }
  void after(Seconds span, std::function<void()> what) { at(later(now_, span), std::move(what)); }
  // The next thing happens.
  void step() {
    auto what = events_.top();
    events_.pop();
    now_ = what.time;
    what.what();
  }

 private:
  struct Event {
    SimulatedTime time;
    std::uint64_t order = 0;
    std::function<void()> what;
    friend bool operator<(const Event& a, const Event& b) {
      return std::pair(a.time, a.order) > std::pair(b.time, b.order);  // the first on top
    }
  };
  SimulatedTime now_{std::chrono::hours(1)};
  std::uint64_t next_ = 0;
  std::priority_queue<Event> events_;
};

// Hosts by number, and connections between two of them that keep the order of messages, as TCP does:
// nothing is lost while a connection stands, and all that is under way when it ends.
class SimulatedNetwork {
 public:
  using Host = std::size_t;
  using Connection = std::uint64_t;
  // One end of a connection.
  struct End {
    std::function<void(Parts)> receive;
    std::function<void()> closed;  // by the other end, or because it is gone
  };

  explicit SimulatedNetwork(Agenda& agenda) : agenda_(agenda) {}

  [[nodiscard]] Connection connect(Host from, Host to, End at_from, End at_to) {
    connections_.emplace(next_, Line{{from, to}, {std::move(at_from), std::move(at_to)}, {}, {}});
    return next_++;
  }
  // False if the connection is closed at this end. `end`: 0 is who connected.
  bool send(Connection connection, std::size_t end, Parts parts) {
    const auto found = connections_.find(connection);
    if (found == connections_.end() || found->second.closed[end]) return false;
    std::size_t bytes = 0;
    for (const zmq::message_t& part : parts) bytes += part.size();
    push(connection, end, {std::move(parts), false}, bytes);
    return true;
  }
  void close(Connection connection, std::size_t end) {
    const auto found = connections_.find(connection);
    if (found == connections_.end() || found->second.closed[end]) return;
    found->second.closed[end] = true;
    push(connection, end, {{}, true}, 0);
  }

  // What goes wrong: from one host to another, until then.
  void cut(Host from, Host to, SimulatedTime until) {
    Way& way = ways_[{from, to}];
    way.dark_until = std::max(way.dark_until, until);
  }
  void set_rate(Host from, Host to, BytesPerSecond rate) { ways_[{from, to}].rate = rate; }
  // A host's process is gone, and all its connections with it.
  void drop(Host host) {
    for (auto& [number, line] : connections_) {
      for (std::size_t end : {0U, 1U}) {
        if (line.hosts[end] == host) close(number, end);
      }
    }
  }
  // Both ends of the connections between two hosts hear that they broke.
  void reset(Host one, Host other) {
    for (auto& [number, line] : connections_) {
      if (std::minmax(line.hosts[0], line.hosts[1]) != std::minmax(one, other)) continue;
      for (std::size_t end : {0U, 1U}) {
        line.under_way[end].clear();
        agenda_.after(Seconds(0), [this, number, end] { hear_closed(number, end); });
      }
    }
  }

 private:
  struct Message {
    Parts parts;
    bool is_end = false;
    SimulatedTime arrives{};
  };
  struct Line {
    std::array<Host, 2> hosts;
    std::array<End, 2> ends;
    std::array<std::deque<Message>, 2> under_way;  // by who sent it
    std::array<bool, 2> closed;
  };
  struct Way {
    SimulatedTime dark_until{};
    BytesPerSecond rate{10e6};
    SimulatedTime free{};
  };

  void push(Connection connection, std::size_t end, Message message, std::size_t bytes) {
    Line& line = connections_.at(connection);
    Way& way = ways_[{line.hosts[end],
                      line.hosts[1 - end]}];
    way.free = later(std::max(way.free, agenda_.now()), Seconds(static_cast<double>(bytes) / way.rate.value()));
    message.arrives = later(way.free, Seconds(0.001));
    line.under_way[end].push_back(std::move(message));
    agenda_.at(later(way.free, Seconds(0.001)), [this, connection, end] { deliver(connection, end); });
  }
  void deliver(Connection connection, std::size_t end) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) return;
    Line& line = found->second;
    std::deque<Message>& queue = line.under_way[end];
    const Way& way = ways_[{line.hosts[end],
                            line.hosts[1 - end]}];
    if (queue.empty() || queue.front().arrives > agenda_.now()) return;
    if (way.dark_until > agenda_.now()) {
      // TCP tries again a while after the way is open.
      agenda_.at(later(way.dark_until, Seconds(0.05)), [this, connection, end] {
        deliver(connection, end);
      });
      return;
    }
    Message message = std::move(queue.front());
    queue.pop_front();
    if (!queue.empty()) {
      agenda_.at(queue.front().arrives, [this, connection, end] { deliver(connection, end); });
    }
    if (message.is_end) return hear_closed(connection, 1 - end);
    if (line.closed[1 - end]) return;
    const auto receive = line.ends[1 - end].receive;  // may close it
    receive(std::move(message.parts));
  }
  void hear_closed(Connection connection, std::size_t end) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) return;
    if (found->second.closed[end]) return;
    found->second.closed[end] = true;
    const auto closed = found->second.ends[end].closed;
    if (closed) closed();
  }

  Agenda& agenda_;
  std::map<Connection, Line> connections_;
  Connection next_ = 1;
  std::map<std::pair<Host, Host>, Way> ways_;
};

}  // namespace convoy::runtime
