#include "runtime/worker_link.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/sockets.h"

namespace convoy::runtime {
namespace {

using std::chrono::milliseconds;

// After so many in a row whoever listens there is not the worker. One may fail while it starts or
// ends.
constexpr int kFailedHandshakes = 5;

constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

}  // namespace

WorkerLink::WorkerLink(zmq::context_t& context, std::string device, WorkerHost::Worker worker,
                       Seconds silence)
    : device_(std::move(device)),
      worker_(std::move(worker)),
      control_(make_socket(context, zmq::socket_type::dealer)),
      data_(make_socket(context, zmq::socket_type::dealer)) {
  control_.set(zmq::sockopt::maxmsgsize, kMostControlBytes);
  // Pings at a fifth of the silence that is taken for a loss. Only here: on a slow link pings would
  // queue behind tensors.
  const int silence_ms = static_cast<int>(std::chrono::ceil<milliseconds>(silence).count());
  control_.set(zmq::sockopt::heartbeat_ivl, std::max(1, silence_ms / 5));
  control_.set(zmq::sockopt::heartbeat_timeout, silence_ms);
  if (!worker_.own) return;
  for (zmq::socket_t* const socket : {&control_, &data_}) {
    secure_client(*socket, *worker_.own, worker_.server_key);
  }
}

Result<WorkerLink> WorkerLink::connect(zmq::context_t& context, std::string device,
                                       WorkerHost::Worker worker, Seconds silence) {
  WorkerLink link(context, std::move(device), std::move(worker), silence);
  auto monitor = watch(context, link.control_, kEvents);
  if (!monitor) return std::unexpected(std::move(monitor.error()));
  link.monitor_ = *std::move(monitor);
  if (auto connected = runtime::connect(link.control_, link.worker_.endpoint.control); !connected) {
    return std::unexpected(std::move(connected.error()));
  }
  return link;
}

WorkerLink::~WorkerLink() { stop_watching(control_); }

Result<void> WorkerLink::open_data() {
  return runtime::connect(data_, worker_.endpoint.data);
}

void WorkerLink::send(Gate::Side side, Parts parts) {
  runtime::send(side == Gate::Side::control ? control_ : data_, std::move(parts));
}

std::optional<Parts> WorkerLink::receive(Gate::Side side) {
  return runtime::receive(side == Gate::Side::control ? control_ : data_);
}

void WorkerLink::linger(milliseconds time) {
  control_.set(zmq::sockopt::linger, static_cast<int>(time.count()));
}

void WorkerLink::add_to(std::vector<zmq::pollitem_t>& items) {
  for (zmq::socket_t* socket : {&control_, &monitor_, &data_}) {
    items.push_back({socket->handle(), 0, ZMQ_POLLIN, 0});
  }
}

void WorkerLink::update() {
  while (const int event = next_event(monitor_)) {
    switch (event) {
      case ZMQ_EVENT_CONNECTED:
        connection_ = Connection::reached;
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        connection_ = Connection::open;
        failed_handshakes_ = 0;
        if (!greeted_) lost_ = false;  // that was an earlier one
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        connection_ = Connection::refused;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:  // ZeroMQ does not try again
        connection_ = Connection::stranger;
        failed_handshakes_ = kFailedHandshakes;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        lost_ = true;
        break;
      default:
        connection_ = Connection::stranger;
        ++failed_handshakes_;
    }
  }
}

bool WorkerLink::is_hopeless() const {
  return is_refused() || failed_handshakes_ >= kFailedHandshakes;
}

Error WorkerLink::unreached() const {
  const std::string& where = worker_.endpoint.control;
  const auto say = [](ErrorKind kind, std::string message) { return Error{kind, std::move(message)}; };
  switch (connection_) {
    case Connection::none:
      return say(ErrorKind::lost,
                 fmt::format("device {}: nobody answers at {}; is convoy worker running there, and "
                             "the way to it open?",
                             device_, where));
    case Connection::refused:
      return say(ErrorKind::failure,
                 fmt::format("device {}: the worker at {} does not trust the key of this host, "
                             "{}; right would be convoy keys add there",
                             device_, where, worker_.own ? worker_.own->public_key : ""));
    case Connection::stranger:
      return say(ErrorKind::failure,
                 fmt::format("device {}: who answers at {} {}", device_, where,
                             worker_.own
                                 ? fmt::format("does not have the key that is known as {} here, or "
                                               "is no convoy worker with keys",
                                               device_)
                                 : "is no convoy worker, or one that asks for keys"));
    case Connection::reached:
    case Connection::open:
      break;
  }
  return say(ErrorKind::lost,
             fmt::format("device {}: something listens at {}, but gives no answer", device_, where));
}

}  // namespace convoy::runtime
