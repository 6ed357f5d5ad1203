#include "runtime/door.h"

#include <thread>
#include <utility>

#include "runtime/sockets.h"
#include "runtime/zap.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
// Who has not said who they are by then is refused.
constexpr int kHandshake_ms = 5'000;
// A connection that is silent for so long is closed; pings keep it open.
constexpr int kPing_ms = 1'000;
constexpr int kSilence_ms = 5'000;
constexpr auto kSayAgain = 10s;
constexpr std::size_t kMostSaid = 100;
// How long an address may still be taken by what we have just closed.
constexpr auto kRebind = 2s;

const char* name_of(Gate::Side side) { return side == Gate::Side::control ? "control" : "data"; }

// A property of the connection that a message came by; empty if it has none.
std::string property(const zmq::message_t& part, const char* name) {
  const char* const value = ::zmq_msg_gets(part.handle(), name);
  return value == nullptr ? "" : value;
}

}  // namespace

Door::Door(zmq::context_t& context, Endpoint endpoint, std::optional<KeyPair> own,
           std::function<void(std::string_view)> log)
    : context_(context),
      endpoint_(std::move(endpoint)),
      own_(std::move(own)),
      log_(std::move(log)) {}

Result<void> Door::open() {
  // Before anybody can connect: without it ZeroMQ admits all.
  if (own_ && !questions_) {
    questions_ = zmq::socket_t(context_, zmq::socket_type::rep);
    questions_.set(zmq::sockopt::linger, 0);
    if (auto bound = runtime::bind(questions_, "inproc://zeromq.zap.01"); !bound) return bound;
  }
  for (const Gate::Side side : {Gate::Side::control, Gate::Side::data}) {
    auto made = listen(side);
    if (!made) return std::unexpected(std::move(made.error()));
    (side == Gate::Side::control ? control_ : data_) = *std::move(made);
  }
  return {};
}

Result<Door::Socket> Door::listen(Gate::Side side) {
  const bool control = side == Gate::Side::control;
  zmq::socket_t socket = make_socket(context_, zmq::socket_type::router);
  socket.set(zmq::sockopt::handshake_ivl, kHandshake_ms);
  if (control) {
    socket.set(zmq::sockopt::maxmsgsize, kMostControlBytes);
    socket.set(zmq::sockopt::heartbeat_ivl, kPing_ms);
    socket.set(zmq::sockopt::heartbeat_timeout, kSilence_ms);
  }
  if (own_) secure_server(socket, *own_, name_of(side));
  auto monitor = watch(context_, socket, kFailures);
  if (!monitor) return std::unexpected(std::move(monitor.error()));
  if (auto bound = runtime::bind(socket, control ? endpoint_.control : endpoint_.data); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  return Socket{std::move(socket), *std::move(monitor)};
}

void Door::close() {
  for (Socket* const each : {&control_, &data_}) {
    stop_watching(each->socket);
    *each = {};
  }
}

Result<void> Door::reopen() {
  count_failures();
  close();
  // ZeroMQ closes in a thread of its own.
  const Clock::time_point deadline = Clock::now() + kRebind;
  while (true) {
    auto opened = open();
    if (opened || Clock::now() >= deadline) return opened;
    close();
    std::this_thread::sleep_for(5ms);
  }
}

void Door::linger(std::chrono::milliseconds time) {
  control_.socket.set(zmq::sockopt::linger, static_cast<int>(time.count()));
}

void Door::add_to(std::vector<zmq::pollitem_t>& items) {
  for (zmq::socket_t* const socket : {&control_.socket, &data_.socket, &questions_}) {
    if (*socket) items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  }
}

bool Door::is_asked() {
  return questions_ && (questions_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
}

void Door::count_failures() {
  for (zmq::socket_t* const monitor : {&control_.monitor, &data_.monitor}) {
    while (*monitor && next_event(*monitor) != 0) ++drops_.refused;
  }
}

Drops& Door::drops() {
  count_failures();
  return drops_;
}

void Door::admit() {
  while (const std::optional<Parts> parts = receive(questions_)) {
    const Result<ZapRequest> asked = parse_zap(*parts);
    if (!asked) {
      // A question must be answered before the next one.
      runtime::send(questions_, zap_answer({}, Verdict::refused));
      continue;
    }
    const Gate::Side side =
        asked->domain == name_of(Gate::Side::control) ? Gate::Side::control : Gate::Side::data;
    const bool admitted = gate_.admits(side, asked->key);
    if (!admitted) say_refused(side, asked->address, asked->key);
    runtime::send(questions_, zap_answer(*asked, admitted ? Verdict::admitted : Verdict::refused));
  }
}

void Door::say_refused(Gate::Side side, const std::string& address, const std::string& key) {
  const Clock::time_point now = Clock::now();
  std::erase_if(said_, [&](const auto& each) { return now - each.second >= kSayAgain; });
  if (said_.contains(key) || said_.size() >= kMostSaid) return;
  said_.emplace(key, now);
  log_(fmt::format("refused a connection from {} ({}): {} key {}", address, name_of(side),
                   side == Gate::Side::control ? "unknown" : "nobody here expects", key));
}

std::optional<Letter> Door::next(Gate::Side side) {
  zmq::socket_t& socket = (side == Gate::Side::control ? control_ : data_).socket;
  while (std::optional<Parts> parts = receive(socket)) {
    if (parts->size() < 2) {
      ++drops_.malformed;
      continue;
    }
    Letter letter{.route = parts->front().to_string(),
                  .key = property(parts->back(), "User-Id"),
                  .address = property(parts->back(), "Peer-Address")};
    if (own_ && !gate_.admits(side, letter.key)) {
      ++drops_.strangers;
      continue;
    }
    parts->erase(parts->begin());
    letter.parts = *std::move(parts);
    return letter;
  }
  return std::nullopt;
}

bool Door::send(Gate::Side side, const std::string& route, Parts parts) {
  parts.emplace(parts.begin(), route);
  return runtime::send((side == Gate::Side::control ? control_ : data_).socket, std::move(parts));
}

}  // namespace convoy::runtime
