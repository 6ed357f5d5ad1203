#include "runtime/remote_worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <thread>
#include <utility>

#include "engine/session.h"
#include "foundation/version.h"
#include "runtime/capabilities.h"
#include "runtime/sockets.h"
#include "runtime/usage.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Each is answered, so that on a slow link too something is heard in time.
constexpr std::size_t kChunkBytes = 64 << 10;
constexpr std::size_t kChunksUnderway = 16;
// A transfer ends when the connection is lost so many times without a byte more being there.
constexpr int kVainAttempts = 3;
// After so many in a row whoever listens there is not the worker. One may fail while it starts or
// ends.
constexpr int kFailedHandshakes = 5;
// A worker that is not wanted after all is told so, and waited for so long.
constexpr Seconds kLeave{1};
// How often a worker's host is asked whether it lives, while we wait for something else.
constexpr milliseconds kCheck{50};

constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

Clock::time_point after(Seconds time) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
}

std::string who_we_are() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {:.32}", ::getpid(), host.data());
}

}  // namespace

RemoteWorker::RemoteWorker(zmq::context_t& context, fleet::Device device, WorkerHost& host,
                           WorkerHost::Worker worker, Patience patience)
    : device_(std::move(device)),
      host_(&host),
      stop_(std::move(patience.stop)),
      worker_(std::move(worker)),
      control_(make_socket(context, zmq::socket_type::dealer)),
      data_(make_socket(context, zmq::socket_type::dealer)) {
  control_.set(zmq::sockopt::maxmsgsize, kMostControlBytes);
  // Pings at a fifth of the silence that is taken for a loss. Only here: on a slow link pings would
  // queue behind tensors.
  const int silence_ms = static_cast<int>(std::chrono::ceil<milliseconds>(patience.silence).count());
  control_.set(zmq::sockopt::heartbeat_ivl, std::max(1, silence_ms / 5));
  control_.set(zmq::sockopt::heartbeat_timeout, silence_ms);
  if (!worker_.own) return;
  for (zmq::socket_t* const socket : {&control_, &data_}) {
    secure_client(*socket, *worker_.own, worker_.server_key);
  }
}

Result<RemoteWorker> RemoteWorker::start(zmq::context_t& context, const fleet::Device& device,
                                         WorkerHost& host, Patience patience) {
  const std::string where = fmt::format("device {}", device.name);
  Result<WorkerHost::Worker> worker = host.start(device);
  if (!worker) return within(where, std::move(worker.error()));
  RemoteWorker remote(context, device, host, *std::move(worker), std::move(patience));
  auto monitor = watch(context, remote.control_, kEvents);
  if (!monitor) return within(where, std::move(monitor.error()));
  remote.monitor_ = *std::move(monitor);
  if (auto connected = connect(remote.control_, remote.worker_.endpoint.control); !connected) {
    return within(where, std::move(connected.error()));
  }
  return remote;
}

Result<void> RemoteWorker::say_hello(Time deadline) {
  wire::Request request;
  *request.mutable_hello() = hello_;
  const Result<wire::Answer> answer =
      ask(std::move(request), std::min(deadline, after(worker_.patience)));
  if (!answer) return std::unexpected(answer.error());
  const wire::Welcome& welcome = answer->welcome();
  auto fits =
      check_versions(welcome.protocol(), welcome.convoy_version(), welcome.runtime_version());
  if (fits && welcome.name() != name()) {
    fits = fail(ErrorKind::input,
                "it is called \"{}\" there; its name must be the same in both "
                "places",
                welcome.name());
  }
  if (fits && is_real()) {
    const Capabilities able = from_wire(welcome);
    fits = check_device(device_, able);
    threads_ = static_cast<std::uint32_t>(device_.cores);
  }
  take_events();  // those of earlier connections still count for nothing
  greeted_ = true;
  if (!fits) {
    if (welcome.protocol() == kProtocol) leave(after(kLeave));
    return within(fmt::format("device {} ({})", name(), worker_.endpoint.control),
                  std::move(fits.error()));
  }
  return {};
}

Result<void> RemoteWorker::greet(Time deadline, std::span<const std::string> peers) {
  hello_.set_protocol(kProtocol);
  hello_.set_convoy_version(std::string(kVersion));
  hello_.set_runtime_version(engine::runtime_version());
  hello_.set_session(worker_.session);
  hello_.set_who(who_we_are());
  hello_.mutable_peers()->Add(peers.begin(), peers.end());
  if (auto said = say_hello(deadline); !said) return said;

  // The answer that came back fastest says most about the other clock.
  double fastest_s = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) {
    wire::Request clock;
    clock.mutable_clock();
    const double sent_s = steady_seconds();
    const Result<wire::Answer> answer = ask(std::move(clock), deadline);
    if (!answer) return std::unexpected(answer.error());
    const double received_s = steady_seconds();
    if (received_s - sent_s >= fastest_s) continue;
    fastest_s = received_s - sent_s;
    clock_offset_ = Seconds(answer->clock_s() - (sent_s + received_s) / 2);
  }
  // As far as can be told, the clocks are one.
  if (std::abs(clock_offset_.count()) <= fastest_s / 2) clock_offset_ = Seconds(0);
  return {};
}

Result<void> RemoteWorker::come_back() {
  greeted_ = false;
  disconnected_ = false;
  answers_.clear();
  return say_hello(after(worker_.patience));
}

void RemoteWorker::leave(Time deadline) {
  ignore_stop();
  wire::Request stop;
  stop.mutable_stop();
  [[maybe_unused]] const auto left = ask(std::move(stop), deadline);
  greeted_ = false;
}

Result<void> RemoteWorker::send_model(const std::filesystem::path& file, const ModelFiles& model,
                                      Seconds patience) {
  return send_file(file, model.sha256, patience).and_then([&]() -> Result<void> {
    if (model.data_file.empty()) return {};
    return send_file(file.parent_path() / model.data_file, model.data_sha256, patience);
  });
}

Result<void> RemoteWorker::send_file(const std::filesystem::path& file, const std::string& sha256,
                                     Seconds patience) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return fail(ErrorKind::input, "cannot read {}", file.string());
  const std::uint64_t bytes = static_cast<std::uint64_t>(stream.tellg());
  std::uint64_t held = 0;
  for (int vain = 0;;) {
    const std::uint64_t before = held;
    auto sent = send_rest(stream, file, sha256, bytes, patience, held);
    if (sent || !disconnected_ || host_->obituary(name())) return sent;
    vain = held > before ? 0 : vain + 1;
    if (vain == kVainAttempts) return sent;
    if (auto back = come_back(); !back) return back;
  }
}

Result<void> RemoteWorker::send_rest(std::ifstream& stream, const std::filesystem::path& file,
                                     const std::string& sha256, std::uint64_t bytes,
                                     Seconds patience, std::uint64_t& held) {
  wire::Request offer;
  offer.mutable_offer()->set_sha256(sha256);
  offer.mutable_offer()->set_bytes(bytes);
  const Result<wire::Answer> here = ask(std::move(offer), after(patience));
  if (!here) return std::unexpected(here.error());

  std::deque<std::uint64_t> underway;
  held = std::min(here->held_bytes(), bytes);
  std::uint64_t offset = held;
  stream.seekg(static_cast<std::streamoff>(offset));
  while (offset < bytes || !underway.empty()) {
    if (offset < bytes && underway.size() < kChunksUnderway) {
      wire::Request chunk;
      chunk.mutable_chunk()->set_sha256(sha256);
      chunk.mutable_chunk()->set_offset(offset);
      zmq::message_t contents(std::min<std::uint64_t>(kChunkBytes, bytes - offset));
      stream.read(static_cast<char*>(contents.data()),
                  static_cast<std::streamsize>(contents.size()));
      if (!stream) return fail(ErrorKind::input, "cannot read {}", file.string());
      offset += contents.size();
      Parts parts;
      parts.push_back(std::move(contents));
      underway.push_back(post(std::move(chunk), std::move(parts)));
      continue;
    }
    const auto written = await(underway.front(), after(patience));
    if (!written) return std::unexpected(written.error());
    held = written->held_bytes();
    underway.pop_front();
  }
  return {};
}

Result<void> RemoteWorker::open_data(Time deadline) {
  // Only now: before it said hello nobody is admitted there.
  if (auto connected = connect(data_, worker_.endpoint.data); !connected) return connected;
  deadline = std::min(deadline, after(worker_.patience));
  wire::DataHeader knock;
  knock.set_kind(wire::DataHeader::KNOCK);
  knock.set_from(static_cast<std::uint32_t>(kCoordinator.index()));
  Parts parts;
  parts.push_back(to_part(knock));
  runtime::send(data_, std::move(parts));
  while (true) {
    while (const std::optional<Parts> reply = runtime::receive(data_)) {
      wire::DataHeader header;
      if (parse_part(reply->front(), header) && header.kind() == wire::DataHeader::OPEN) return {};
    }
    if (auto there = check(); !there) return there;
    if (Clock::now() >= deadline) {
      return fail(ErrorKind::lost, "device {} does not answer at {}", name(),
                  worker_.endpoint.data);
    }
    std::vector<zmq::pollitem_t> items;
    add_to(items);
    wait(items, std::min<Clock::duration>(kCheck, deadline - Clock::now()));
  }
}

std::uint64_t RemoteWorker::post(wire::Request request, Parts parts) {
  request.set_id(next_id_);
  parts.insert(parts.begin(), to_part(request));
  runtime::send(control_, std::move(parts));
  return next_id_++;
}

Result<wire::Answer> RemoteWorker::await(std::uint64_t id, Time deadline) {
  while (true) {
    take_answers();
    if (auto answer = answers_.extract(id); !answer.empty()) {
      if (!answer.mapped().has_failure()) return std::move(answer.mapped());
      return within(fmt::format("device {}", name()), from_wire(answer.mapped().failure()));
    }
    if (auto there = check(); !there) return std::unexpected(there.error());
    if (Clock::now() >= deadline) {
      return greeted_ ? lost("did not answer in time") : unreached();
    }
    std::vector<zmq::pollitem_t> items = {{control_.handle(), 0, ZMQ_POLLIN, 0},
                                          {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
    wait(items, std::min<Clock::duration>(kCheck, deadline - Clock::now()));
  }
}

void RemoteWorker::take_answers() {
  while (const std::optional<Parts> parts = runtime::receive(control_)) {
    wire::Answer answer;
    // Id 0 only asks whether we are there.
    if (parse_part(parts->front(), answer) && answer.id() != 0)
      answers_.insert_or_assign(answer.id(), answer);
  }
}

void RemoteWorker::send(const Parcel& parcel) {
  runtime::send(data_, encode(parcel, kCoordinator));
}

std::optional<Parcel> RemoteWorker::receive() {
  while (std::optional<Parts> parts = runtime::receive(data_)) {
    wire::DataHeader header;
    if (!parse_part(parts->front(), header) || header.kind() != wire::DataHeader::PARCEL) continue;
    if (Result<Parcel> parcel = decode(header, *parts)) return *std::move(parcel);
  }
  return std::nullopt;
}

Result<void> RemoteWorker::check() {
  if (stop_ && stop_()) return fail(ErrorKind::cancelled, "stopped");
  take_answers();
  take_events();
  if (const auto obituary = host_->obituary(name())) return lost(*obituary);
  if (connection_ == Connection::refused || failed_handshakes_ >= kFailedHandshakes) {
    return unreached();
  }
  if (!greeted_ || !disconnected_) return {};
  // A process that died is known to its host a moment after its sockets closed; that our key was
  // revoked, once we have tried to come back.
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    take_events();
    if (connection_ == Connection::refused) return unreached();
    if (const auto obituary = host_->obituary(name())) return lost(*obituary);
  }
  return lost("does not answer any more");
}

void RemoteWorker::take_events() {
  while (const int event = next_event(monitor_)) {
    switch (event) {
      case ZMQ_EVENT_CONNECTED:
        connection_ = Connection::reached;
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        connection_ = Connection::open;
        failed_handshakes_ = 0;
        if (!greeted_) disconnected_ = false;  // that was an earlier one
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        connection_ = Connection::refused;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:  // ZeroMQ does not try again
        connection_ = Connection::stranger;
        failed_handshakes_ = kFailedHandshakes;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        disconnected_ = true;
        break;
      default:
        connection_ = Connection::stranger;
        ++failed_handshakes_;
    }
  }
}

std::unexpected<Error> RemoteWorker::unreached() {
  const std::string& where = worker_.endpoint.control;
  switch (connection_) {
    case Connection::none:
      return fail(ErrorKind::lost,
                  "device {}: nobody answers at {}; is convoy worker running there, and "
                  "the way to it open?",
                  name(), where);
    case Connection::refused:
      return fail(ErrorKind::failure,
                  "device {}: the worker at {} does not trust the key of this host, "
                  "{}; right would be convoy keys add there",
                  name(), where, worker_.own ? worker_.own->public_key : "");
    case Connection::stranger:
      return fail(ErrorKind::failure, "device {}: who answers at {} {}", name(), where,
                  worker_.own
                      ? fmt::format("does not have the key that is known as {} here, or is no "
                                    "convoy worker with keys",
                                    name())
                      : "is no convoy worker, or one that asks for keys");
    case Connection::reached:
    case Connection::open:
      break;
  }
  return fail(ErrorKind::lost, "device {}: something listens at {}, but gives no answer", name(),
              where);
}

std::unexpected<Error> RemoteWorker::lost(std::string what) {
  return fail(ErrorKind::lost, "device {} {}", name(), what);
}

void RemoteWorker::add_to(std::vector<zmq::pollitem_t>& items) {
  for (zmq::socket_t* socket : {&control_, &monitor_, &data_}) {
    items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  }
}

}  // namespace convoy::runtime
