#include "runtime/remote_worker.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <thread>
#include <utility>

#include "foundation/version.h"
#include "runtime/sockets.h"
#include "runtime/usage.h"

namespace convoy::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kChunkBytes = 1 << 20;
constexpr std::size_t kChunksUnderway = 8;
// How often a worker's host is asked whether it lives, while we wait for something else.
constexpr milliseconds kCheck{50};

}  // namespace

RemoteWorker::RemoteWorker(zmq::context_t& context, std::string name, WorkerHost& host,
                           WorkerHost::Worker worker, Patience patience)
    : name_(std::move(name)),
      host_(&host),
      stop_(std::move(patience.stop)),
      worker_(std::move(worker)),
      control_(make_socket(context, zmq::socket_type::dealer)),
      monitor_(context, zmq::socket_type::pair),
      data_(make_socket(context, zmq::socket_type::dealer)) {
  // Pings at a fifth of the silence that is taken for a loss. Only here: on a slow link pings would
  // queue behind tensors.
  const int silence_ms = static_cast<int>(std::chrono::ceil<milliseconds>(patience.silence).count());
  control_.set(zmq::sockopt::heartbeat_ivl, std::max(1, silence_ms / 5));
  control_.set(zmq::sockopt::heartbeat_timeout, silence_ms);
}

Result<RemoteWorker> RemoteWorker::start(zmq::context_t& context, const fleet::Device& device,
                                         WorkerHost& host, Patience patience) {
  Result<WorkerHost::Worker> worker = host.start(device);
  if (!worker) return within(fmt::format("device {}", device.name), std::move(worker.error()));
  RemoteWorker remote(context, device.name, host, *std::move(worker), std::move(patience));

  const std::string events = fmt::format("inproc://events-{}", remote.control_.handle());
  if (::zmq_socket_monitor(remote.control_.handle(), events.c_str(), ZMQ_EVENT_DISCONNECTED) != 0) {
    return fail(ErrorKind::failure, "device {}: cannot watch its connection", device.name);
  }
  remote.monitor_.connect(events);
  for (auto& [socket, endpoint] :
       {std::pair<zmq::socket_t&, const std::string&>(remote.control_, remote.worker_.control),
        {remote.data_, remote.worker_.data}}) {
    if (auto connected = connect(socket, endpoint); !connected) {
      return within(fmt::format("device {}", device.name), std::move(connected.error()));
    }
  }
  return remote;
}

Result<void> RemoteWorker::greet(Time deadline) {
  wire::Request hello;
  hello.mutable_hello()->set_protocol(kProtocol);
  hello.mutable_hello()->set_convoy_version(std::string(kVersion));
  const Result<wire::Answer> welcome = ask(std::move(hello), deadline);
  if (!welcome) return std::unexpected(welcome.error());
  if (welcome->welcome().protocol() != kProtocol || welcome->welcome().name() != name_) {
    return fail(ErrorKind::failure,
                "device {}: at {} answers convoy {} (protocol {}) named \"{}\"; expected {} "
                "(protocol {})",
                name_, worker_.control, welcome->welcome().convoy_version(),
                welcome->welcome().protocol(), welcome->welcome().name(), kVersion, kProtocol);
  }
  greeted_ = true;
  disconnected_ = false;  // what failed before this connection

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

Result<void> RemoteWorker::send_model(const std::filesystem::path& file, const ModelFiles& model,
                                      Time deadline) {
  return send_file(file, model.sha256, deadline).and_then([&]() -> Result<void> {
    if (model.data_file.empty()) return {};
    return send_file(file.parent_path() / model.data_file, model.data_sha256, deadline);
  });
}

Result<void> RemoteWorker::send_file(const std::filesystem::path& file, const std::string& sha256,
                                     Time deadline) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return fail(ErrorKind::input, "cannot read {}", file.string());
  const std::uint64_t bytes = static_cast<std::uint64_t>(stream.tellg());

  wire::Request offer;
  offer.mutable_offer()->set_sha256(sha256);
  offer.mutable_offer()->set_bytes(bytes);
  const Result<wire::Answer> held = ask(std::move(offer), deadline);
  if (!held) return std::unexpected(held.error());

  std::vector<std::uint64_t> underway;
  std::uint64_t offset = std::min(held->held_bytes(), bytes);
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
    if (auto written = await(underway.front(), deadline); !written) {
      return std::unexpected(written.error());
    }
    underway.erase(underway.begin());
  }
  return {};
}

Result<void> RemoteWorker::open_data(Time deadline) {
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
      return fail(ErrorKind::lost, "device {} does not answer at {}", name_, worker_.data);
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
      return within(fmt::format("device {}", name_), from_wire(answer.mapped().failure()));
    }
    if (auto there = check(); !there) return std::unexpected(there.error());
    if (Clock::now() >= deadline) {
      return fail(ErrorKind::lost, "device {} did not answer in time", name_);
    }
    std::vector<zmq::pollitem_t> items = {{control_.handle(), 0, ZMQ_POLLIN, 0},
                                          {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
    wait(items, std::min<Clock::duration>(kCheck, deadline - Clock::now()));
  }
}

void RemoteWorker::take_answers() {
  while (const std::optional<Parts> parts = runtime::receive(control_)) {
    wire::Answer answer;
    if (parse_part(parts->front(), answer)) answers_.insert_or_assign(answer.id(), answer);
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
  while (runtime::receive(monitor_)) disconnected_ = true;
  if (const auto obituary = host_->obituary(name_)) return lost(*obituary);
  if (!greeted_ || !disconnected_) return {};
  // A process that died is known to its host a moment after its sockets closed.
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    if (const auto obituary = host_->obituary(name_)) return lost(*obituary);
  }
  return lost("does not answer any more");
}

std::unexpected<Error> RemoteWorker::lost(std::string what) {
  return fail(ErrorKind::lost, "device {} {}", name_, what);
}

void RemoteWorker::add_to(std::vector<zmq::pollitem_t>& items) {
  for (zmq::socket_t* socket : {&control_, &monitor_, &data_}) {
    items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  }
}

}  // namespace convoy::runtime
