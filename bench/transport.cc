// convoy's way from device to device beside bare ZeroMQ sockets that carry the same bytes:
//   transport [ROUNDS]
// In each of ROUNDS (15) every rival carries the same number of messages in turns, between two
// threads with a context each, as two processes would have. None copies: the sender always sends
// the same memory, the receiver looks at the size and lets go. As in a pipeline, a few messages at
// most are under way; all share that bound. Prints Markdown: median rates, and the median (and
// quartiles) of convoy's rate over the rivals' in the same round. The goal is 80 %.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "onnx/testing.h"
#include "runtime/door.h"
#include "runtime/peer_links.h"
#include "runtime/sockets.h"
#include "good.h"
#include "tcp_relay.h"

namespace convoy {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kUnderWay = 8;
constexpr std::size_t kWarmUp = 16;
constexpr std::size_t kBytesATurn = std::size_t{128} << 20;
constexpr std::array<std::size_t, 3> kSizes = {64 << 10, 512 << 10, 4 << 20};
constexpr auto kLook = 20ms;  // how often a receiver looks whether it is over

struct Keys {
  runtime::KeyPair sender = good(runtime::make_key_pair());
  runtime::KeyPair receiver = good(runtime::make_key_pair());
};

struct Setting {
  std::string name;
  std::string endpoint;
  std::optional<Keys> keys;
};

using Credits = std::counting_semaphore<kUnderWay>;

// How long `messages` take, from the first one's departure to the last one's arrival.
Seconds time(const std::function<void()>& send, Credits& credits, std::size_t messages) {
  const auto carry = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      credits.acquire();
      send();
    }
    for (std::size_t i = 0; i < kUnderWay; ++i) credits.acquire();  // all have arrived
    credits.release(kUnderWay);
  };
  carry(kWarmUp);
  const auto begin = Clock::now();
  carry(messages);
  return Clock::now() - begin;
}

void check_size(std::size_t is, std::size_t should) {
  if (is != should) throw std::runtime_error(fmt::format("{} bytes came, not {}", is, should));
}

Seconds bare(zmq::socket_type from, zmq::socket_type to, const Setting& setting,
             const engine::SharedTensor& payload, std::size_t messages) {
  zmq::context_t there(1);
  zmq::context_t here(1);
  zmq::socket_t receiver(there, to);
  receiver.set(zmq::sockopt::rcvtimeo, static_cast<int>(kLook.count()));
  zmq::socket_t sender(here, from);
  sender.set(zmq::sockopt::linger, 0);
  if (setting.keys) {
    receiver.set(zmq::sockopt::curve_server, true);
    receiver.set(zmq::sockopt::curve_secretkey, setting.keys->receiver.secret_key);
    runtime::secure_client(sender, setting.keys->sender, setting.keys->receiver.public_key);
  }
  receiver.bind(setting.endpoint);
  sender.connect(setting.endpoint);
  Credits credits(kUnderWay);
  const std::jthread taker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      zmq::message_t part;
      if (!receiver.recv(part)) continue;
      while (part.more()) [[maybe_unused]]
        const auto got = receiver.recv(part);
      check_size(part.size(), payload.data.size());
      credits.release();
    }
  });
  const auto send = [&] {
    zmq::message_t message(
        const_cast<std::byte*>(payload.data.data()), payload.data.size(), [](void*, void*) {},
        nullptr);
    sender.send(message, zmq::send_flags::none);
  };
  return time(send, credits, messages);
}

// As a worker does with what comes to its data socket, except that nothing is computed.
bool take(runtime::Door& door, runtime::Letter letter, std::size_t bytes) {
  runtime::wire::DataHeader header;
  if (!runtime::parse_part(letter.parts.front(), header)) throw std::runtime_error("malformed");
  if (header.kind() == runtime::wire::DataHeader::KNOCK) {
    runtime::wire::DataHeader open;
    open.set_kind(runtime::wire::DataHeader::OPEN);
    door.send(runtime::Gate::Side::data, letter.route, runtime::to_parts(open));
    return false;
  }
  const runtime::Parcel parcel = good(runtime::decode(header, letter.parts));
  check_size(parcel.items.at(0).tensor.data.size(), bytes);
  return true;
}

Seconds by_convoy(const Setting& setting, const engine::SharedTensor& payload,
                  std::size_t messages) {
  using runtime::Gate;
  constexpr runtime::PeerId kSender(1);
  constexpr runtime::PeerId kReceiver(2);
  zmq::context_t there(1);
  zmq::context_t here(1);
  runtime::Door door(there, {.control = "inproc://control", .data = setting.endpoint},
                     setting.keys ? std::optional(setting.keys->receiver) : std::nullopt,
                     [](std::string_view) {});
  good(door.open());
  if (setting.keys) door.gate().expect({setting.keys->sender.public_key});
  Credits credits(kUnderWay);
  const std::jthread taker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<zmq::pollitem_t> items;
      door.add_to(items);
      runtime::wait(items, kLook);
      if (door.is_asked()) door.admit();
      while (auto letter = door.next(Gate::Side::data)) {
        if (take(door, *std::move(letter), payload.data.size())) credits.release();
      }
    }
  });
  runtime::PeerLinks links(here, setting.keys ? std::optional(setting.keys->sender) : std::nullopt,
                           runtime::Sharing::own_links);
  good(links.connect(kSender,
                     {{.id = kReceiver,
                       .name = "receiver",
                       .endpoint = setting.endpoint,
                       .key = setting.keys ? setting.keys->receiver.public_key : ""}},
                     Clock::now()));
  for (const auto deadline = Clock::now() + 10s; links.closed();) {
    if (Clock::now() > deadline) throw std::runtime_error("the receiver does not answer");
    std::vector<zmq::pollitem_t> items;
    links.add_to(items);
    runtime::wait(items, kLook);
    links.receive();
  }
  std::uint64_t request = 0;
  const auto send = [&] {
    const runtime::Parcel parcel{
        .epoch = 1, .request = request++, .items = {{ValueId(0), payload}}};
    links.send({kReceiver, parcel.request, runtime::encode(parcel, kSender)}, Clock::now());
  };
  return time(send, credits, messages);
}

// In ascending order: the quartiles.
std::array<double, 3> quartiles(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 4], values[values.size() / 2], values[values.size() * 3 / 4]};
}

void compare(const Setting& setting, std::size_t bytes, std::size_t rounds) {
  const engine::SharedTensor payload =
      engine::share({.type = onnx::ElementType::uint8,
                     .dims = {static_cast<std::int64_t>(bytes)},
                     .data = std::vector<std::byte>(bytes, std::byte{1})});
  const std::size_t messages = kBytesATurn / bytes;
  const std::array<std::function<Seconds()>, 3> rivals = {
      [&] {
        return bare(zmq::socket_type::dealer, zmq::socket_type::router, setting, payload, messages);
      },
      [&] {
        return bare(zmq::socket_type::push, zmq::socket_type::pull, setting, payload, messages);
      },
      [&] { return by_convoy(setting, payload, messages); }};
  std::array<std::vector<double>, 3> rates;  // MB/s
  for (std::size_t round = 0; round < rounds; ++round) {
    // Who goes first changes, or a drift of the machine would favour one.
    for (std::size_t turn = 0; turn < rivals.size(); ++turn) {
      const std::size_t rival = (round + turn) % rivals.size();
      const double taken_s = rivals[rival]().count();
      rates[rival].push_back(1e-6 * static_cast<double>(messages * bytes) / taken_s);
    }
  }
  std::string row = fmt::format("| {} | {} kB |", setting.name, bytes >> 10);
  for (const auto& of_rival : rates) row += fmt::format(" {:.0f} |", quartiles(of_rival)[1]);
  for (std::size_t rival = 0; rival < 2; ++rival) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rounds; ++i) ratios.push_back(rates[2][i] / rates[rival][i]);
    const auto [low, median, high] = quartiles(ratios);
    row += fmt::format(" {:.0f} % ({:.0f}-{:.0f}) |", 100 * median, 100 * low, 100 * high);
  }
  fmt::print("{}\n", row);
  std::fflush(stdout);
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) {
  using namespace convoy;
  try {
    const std::size_t rounds = argc > 1 ? std::max(1ul, std::strtoul(argv[1], nullptr, 10)) : 15;
    const convoy::onnx::ScratchFolder folder;
    fmt::print(
        "| link | message | DEALER to ROUTER, MB/s | PUSH to PULL | convoy | of DEALER to ROUTER "
        "| of PUSH to PULL |\n|---|--:|--:|--:|--:|--:|--:|\n");
    const std::string tcp = fmt::format("tcp://127.0.0.1:{}", free_port());
    for (const Setting& setting :
         {Setting{"tcp", tcp, {}}, Setting{"tcp, encrypted", tcp, Keys()},
          Setting{"ipc", fmt::format("ipc://{}", (folder / "way").string()), {}}}) {
      for (const std::size_t bytes : kSizes) compare(setting, bytes, rounds);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "transport: {}\n", error.what());
    return 1;
  }
}
