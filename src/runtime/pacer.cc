#include "runtime/pacer.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {

Pacer::Pacer(std::map<PeerId, Link> links, Sharing sharing)
    : links_(std::move(links)), sharing_(sharing) {}

void Pacer::push(Packet packet, Bytes bytes, Time now) {
  const auto found = links_.find(packet.to);
  const Link link = found == links_.end() ? Link{} : found->second;
  Time leaves = now;
  if (link.rate.value() > 0) {
    Time& free = free_[sharing_ == Sharing::one_radio ? kCoordinator : packet.to];
    free = std::max(free, now) +
           std::chrono::duration_cast<Time::duration>(bytes / link.rate);
    leaves = free;
  }
  leaves += std::chrono::duration_cast<Time::duration>(link.latency);
  held_.emplace(leaves, std::move(packet));
}

std::optional<Pacer::Time> Pacer::next() const {
  return held_.empty() ? std::nullopt : std::optional(held_.begin()->first);
}

std::vector<Packet> Pacer::release(Time now) {
  std::vector<Packet> released;
  while (!held_.empty() && held_.begin()->first <= now) {
    released.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
  }
  return released;
}

}  // namespace convoy::runtime
