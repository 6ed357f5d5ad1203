#include "runtime/flow.h"

#include <algorithm>
#include <utility>

namespace convoy::runtime {
namespace {

constexpr Seconds kLeastPatience{5};
constexpr double kPatience = 10;  // times what it should take
constexpr Seconds kFirstPatience{60};

}  // namespace

void Flow::push(Packet packet) {
  held_bytes_ += bytes_of(packet.parts);
  const std::uint64_t request = packet.request;
  held_.emplace(request, std::move(packet));
}

bool Flow::may_leave(std::uint64_t request, Bytes bytes) const {
  return outstanding_.empty() || outstanding() + bytes <= credit_ ||
         request <= outstanding_.begin()->first;
}

std::vector<Packet> Flow::release(Time now) {
  std::vector<Packet> released;
  while (!held_.empty()) {
    const auto first = held_.begin();
    const Bytes bytes = bytes_of(first->second.parts);
    if (!may_leave(first->first, bytes)) break;
    if (outstanding_.empty()) heard_ = now;
    sent_ += bytes;
    held_bytes_ -= bytes;
    outstanding_.emplace(first->first, bytes);
    on_the_way_.push_back({sent_, now});
    released.push_back(std::move(first->second));
    held_.erase(first);
  }
  return released;
}

Flow::Verdict Flow::take(const Receipt& receipt, Time now) {
  if (receipt.consumed > receipt.received || receipt.received > sent_) return Verdict::impossible;
  if (receipt.received < receipt_.received || receipt.consumed < receipt_.consumed) {
    return Verdict::old;
  }
  heard_ = now;
  if (receipt.received > receipt_.received) {
    busy_ += now - waits_since();
    arrived_ = now;
    while (!on_the_way_.empty() && on_the_way_.front().end <= receipt.received) {
      on_the_way_.pop_front();
    }
  }
  Bytes consumed = receipt.consumed - receipt_.consumed;
  while (!outstanding_.empty() && outstanding_.begin()->second <= consumed) {
    consumed -= outstanding_.begin()->second;
    outstanding_.erase(outstanding_.begin());
  }
  if (!outstanding_.empty()) outstanding_.begin()->second -= consumed;
  receipt_ = receipt;
  return Verdict::fine;
}

void Flow::forget(std::optional<std::uint64_t> request) {
  std::erase_if(held_, [&](const auto& each) {
    if (request && each.first != *request) return false;
    held_bytes_ -= bytes_of(each.second.parts);
    return true;
  });
}

std::optional<std::uint64_t> Flow::oldest_held() const {
  return held_.empty() ? std::nullopt : std::optional(held_.begin()->first);
}

Flow::Time Flow::waits_since() const { return std::max(arrived_, on_the_way_.front().sent); }

bool Flow::is_stalled(Time now) const {
  if (outstanding_.empty()) return false;
  Seconds patience = kFirstPatience;
  if (busy_.count() > 0) {
    const BytesPerSecond rate(static_cast<double>(receipt_.received.value()) / busy_.count());
    patience = std::max(kLeastPatience, kPatience * (outstanding() / rate));
  }
  return now - heard_ > patience || (!on_the_way_.empty() && now - waits_since() > patience);
}

wire::DataHeader to_wire(const Flow::Receipt& receipt) {
  wire::DataHeader header;
  header.set_kind(wire::DataHeader::RECEIPT);
  header.set_received_bytes(static_cast<std::uint64_t>(receipt.received.value()));
  header.set_consumed_bytes(static_cast<std::uint64_t>(receipt.consumed.value()));
  return header;
}

Flow::Receipt from_wire(const wire::DataHeader& receipt) {
  return {.received = bytes_of(receipt.received_bytes()),
          .consumed = bytes_of(receipt.consumed_bytes())};
}

}  // namespace convoy::runtime
