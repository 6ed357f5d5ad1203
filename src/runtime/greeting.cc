#include "runtime/greeting.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <utility>

#include "engine/session.h"
#include "foundation/version.h"
#include "runtime/capabilities.h"
#include "runtime/wire.h"

namespace convoy::runtime {
namespace {

std::string who_we_are() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {:.32}", ::getpid(), host.data());
}

}  // namespace

wire::Hello hello_to(const WorkerHost::Worker& worker, std::span<const std::string> peers) {
  wire::Hello hello;
  hello.set_protocol(kProtocol);
  hello.set_convoy_version(std::string(kVersion));
  hello.set_runtime_version(engine::runtime_version());
  hello.set_session(worker.session);
  hello.set_who(who_we_are());
  hello.mutable_peers()->Add(peers.begin(), peers.end());
  return hello;
}

Result<void> check_welcome(const wire::Welcome& welcome, const fleet::Device& device,
                           const WorkerHost::Worker& worker) {
  auto fits =
      check_versions(welcome.protocol(), welcome.convoy_version(), welcome.runtime_version());
  if (fits && welcome.name() != device.name) {
    fits = fail(ErrorKind::input,
                "it is called \"{}\" there; its name must be the same in both "
                "places",
                welcome.name());
  }
  if (fits && !device.address.empty()) fits = check_device(device, from_wire(welcome));
  if (fits) return {};
  return within(fmt::format("device {} ({})", device.name, worker.endpoint.control),
                std::move(fits.error()));
}

std::uint32_t threads_told(const fleet::Device& device) {
  return device.address.empty() ? 0 : static_cast<std::uint32_t>(device.cores);
}

void ClockOffset::add(double sent_s, double answered_s, double received_s) {
  if (received_s - sent_s >= fastest_s_) return;
  fastest_s_ = received_s - sent_s;
  offset_s_ = answered_s - (sent_s + received_s) / 2;
}

Seconds ClockOffset::value() const {
  return Seconds(std::abs(offset_s_) <= fastest_s_ / 2 ? 0 : offset_s_);
}

}  // namespace convoy::runtime
