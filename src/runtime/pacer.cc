#include "runtime/pacer.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace convoy::runtime {
namespace {

Pacer::Time after(Pacer::Time time, Seconds wait) {
  return time + std::chrono::duration_cast<Pacer::Time::duration>(wait);
}

}  // namespace

const LinkPace& Pacer::link(PeerId peer) const {
  static const LinkPace unpaced;
  const auto found = links_.find(peer);
  return found == links_.end() ? unpaced : found->second;
}

void Pacer::set(PeerId peer, const LinkPace& link, Time now) {
  for (Queue& queue : queues_ | std::views::values) advance(queue, now);
  links_[peer] = link;
}

void Pacer::push(Packet packet, Bytes bytes, Time now) {
  Queue& queue = queues_[queue_of(packet.to)];
  advance(queue, now);
  queue.waiting.push_back({std::move(packet), static_cast<double>(bytes.value())});
}

// What nothing slows needs no turn, unless it has to follow what does.
PeerId Pacer::queue_of(PeerId peer) const {
  if (sharing_ == Sharing::own_links) return peer;
  const LinkPace& pace = link(peer);
  const auto radio = queues_.find(kCoordinator);
  const bool follows = radio != queues_.end() &&
                       std::ranges::any_of(radio->second.waiting, [&](const Waiting& each) {
                         return each.packet.to == peer;
                       });
  return follows || pace.is_cut || pace.rate.value() > 0 ? kCoordinator : peer;
}

std::optional<std::size_t> Pacer::turn_of(const Queue& queue) const {
  for (std::size_t i = 0; i < queue.waiting.size(); ++i) {
    if (!link(queue.waiting[i].packet.to).is_cut) return i;
  }
  return std::nullopt;
}

Pacer::Time Pacer::end_of(const Queue& queue, std::size_t turn) const {
  const Waiting& waiting = queue.waiting[turn];
  const BytesPerSecond rate = link(waiting.packet.to).rate;
  return rate.value() > 0 ? after(queue.since, Seconds(waiting.bytes / rate.value())) : queue.since;
}

void Pacer::advance(Queue& queue, Time now) {
  if (now < queue.since) return;
  std::optional<std::size_t> turn = turn_of(queue);
  while (turn && end_of(queue, *turn) <= now) {
    queue.since = end_of(queue, *turn);
    Packet packet = std::move(queue.waiting[*turn].packet);
    queue.waiting.erase(queue.waiting.begin() + static_cast<std::ptrdiff_t>(*turn));
    Time& arrives = last_[packet.to];
    arrives = std::max(arrives, after(queue.since, link(packet.to).latency));
    held_.emplace(arrives, std::move(packet));
    turn = turn_of(queue);
  }
  if (turn) {
    Waiting& waiting = queue.waiting[*turn];
    waiting.bytes -= Seconds(now - queue.since).count() * link(waiting.packet.to).rate.value();
  }
  queue.since = now;
}

std::optional<Pacer::Time> Pacer::next() const {
  std::optional<Time> next;
  if (!held_.empty()) next = held_.begin()->first;
  for (const Queue& queue : queues_ | std::views::values) {
    const std::optional<std::size_t> turn = turn_of(queue);
    if (!turn) continue;
    // Then its latency begins.
    next = next ? std::min(*next, end_of(queue, *turn)) : end_of(queue, *turn);
  }
  return next;
}

std::vector<Packet> Pacer::release(Time now) {
  for (Queue& queue : queues_ | std::views::values) advance(queue, now);
  std::vector<Packet> released;
  while (!held_.empty() && held_.begin()->first <= now) {
    released.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
  }
  return released;
}

}  // namespace convoy::runtime
