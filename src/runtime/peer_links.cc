#include "runtime/peer_links.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "runtime/sockets.h"

namespace convoy::runtime {

Result<void> PeerLinks::connect(PeerId self, const std::vector<PeerSpec>& peers, Pacer::Time now) {
  close();
  for (const PeerSpec& peer : peers) {
    if (peer.key.empty() == own_.has_value()) {
      return fail(ErrorKind::failure, "peer {}: keys are used {}", peer.name,
                  own_ ? "here, but not there" : "there, but not here");
    }
    Link link{.peer = peer, .socket = make_socket(context_, zmq::socket_type::dealer)};
    if (own_) secure_client(link.socket, *own_, peer.key);
    auto monitor = watch(context_, link.socket, ZMQ_EVENT_DISCONNECTED);
    if (!monitor) return within(fmt::format("peer {}", peer.name), std::move(monitor.error()));
    link.monitor = *std::move(monitor);
    if (auto connected = runtime::connect(link.socket, peer.endpoint); !connected) {
      return within(fmt::format("peer {}", peer.name), std::move(connected.error()));
    }
    if (const auto pace = paces_.find(peer.name); pace != paces_.end()) {
      pacer_.set(peer.id, pace->second, now);
    }
    links_.emplace(peer.id, std::move(link));
    send({.to = peer.id, .parts = knock(self)}, now);
  }
  return {};
}

void PeerLinks::close() {
  for (Link& link : links_ | std::views::values) stop_watching(link.socket);
  links_.clear();
  pacer_ = Pacer(sharing_);
}

std::map<PeerId, std::string> PeerLinks::names() const {
  std::map<PeerId, std::string> names;
  for (const auto& [peer, link] : links_) names[peer] = link.peer.name;
  return names;
}

const PeerSpec* PeerLinks::closed() const {
  const auto closed =
      std::ranges::find_if(links_, [](const auto& each) { return !each.second.open; });
  return closed == links_.end() ? nullptr : &closed->second.peer;
}

bool PeerLinks::has_broken() const {
  return std::ranges::any_of(links_ | std::views::values, &Link::broken);
}

void PeerLinks::pace(const LinkLine& line, Pacer::Time now) {
  paces_[line.peer] = line.pace;
  const Pacer::Time at =
      std::min(now, Pacer::Time(std::chrono::duration_cast<Pacer::Time::duration>(line.at)));
  for (const auto& [peer, link] : links_) {
    if (link.peer.name == line.peer) pacer_.set(peer, line.pace, at);
  }
}

void PeerLinks::send(Packet packet, Pacer::Time now) {
  const auto link = links_.find(packet.to);
  if (link == links_.end()) return;
  if (paces_.contains(link->second.peer.name)) {
    const Bytes bytes = bytes_of(packet.parts);
    pacer_.push(std::move(packet), bytes, now);
    release(now);
  } else {
    runtime::send(link->second.socket, std::move(packet.parts));
  }
}

void PeerLinks::release(Pacer::Time now) {
  for (Packet& packet : pacer_.release(now)) {
    runtime::send(links_.at(packet.to).socket, std::move(packet.parts));
  }
}

void PeerLinks::add_to(std::vector<zmq::pollitem_t>& items) {
  for (Link& link : links_ | std::views::values) {
    items.push_back({link.socket.handle(), 0, ZMQ_POLLIN, 0});
    items.push_back({link.monitor.handle(), 0, ZMQ_POLLIN, 0});
  }
}

std::vector<std::pair<PeerId, Parts>> PeerLinks::receive() {
  std::vector<std::pair<PeerId, Parts>> said;
  for (auto& [peer, link] : links_) {
    while (std::optional<Parts> parts = runtime::receive(link.socket)) {
      wire::DataHeader header;
      if (!link.open && parse_part(parts->front(), header) &&
          header.kind() == wire::DataHeader::OPEN) {
        link.open = true;
      } else {
        said.emplace_back(peer, *std::move(parts));
      }
    }
    while (next_event(link.monitor) != 0) link.broken = link.broken || link.open;
  }
  return said;
}

}  // namespace convoy::runtime
