#include "runtime/sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace convoy::runtime {

zmq::socket_t make_socket(zmq::context_t& context, zmq::socket_type type) {
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::sndhwm, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  socket.set(zmq::sockopt::reconnect_ivl_max, 160);
  socket.set(zmq::sockopt::maxmsgsize, kMostPartBytes);
  if (type == zmq::socket_type::router) socket.set(zmq::sockopt::router_mandatory, true);
  return socket;
}

void secure_server(zmq::socket_t& socket, const KeyPair& own, const std::string& domain) {
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
  socket.set(zmq::sockopt::zap_domain, domain);
}

void secure_client(zmq::socket_t& socket, const KeyPair& own, const std::string& server_key) {
  socket.set(zmq::sockopt::curve_publickey, own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
  socket.set(zmq::sockopt::curve_serverkey, server_key);
}

Result<zmq::socket_t> watch(zmq::context_t& context, zmq::socket_t& socket, int events) {
  const std::string endpoint = fmt::format("inproc://events-{}", socket.handle());
  if (::zmq_socket_monitor(socket.handle(), endpoint.c_str(), events) != 0) {
    return fail(ErrorKind::failure, "cannot watch a socket: {}", ::zmq_strerror(::zmq_errno()));
  }
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::rcvhwm, 0);  // else ZeroMQ's own thread would wait for whoever reads it
  monitor.connect(endpoint);
  return monitor;
}

void stop_watching(zmq::socket_t& socket) {
  if (socket) ::zmq_socket_monitor(socket.handle(), nullptr, 0);
}

int next_event(zmq::socket_t& monitor) {
  const std::optional<Parts> parts = receive(monitor);
  if (!parts || parts->front().size() < sizeof(std::uint16_t)) return 0;
  std::uint16_t event = 0;
  std::memcpy(&event, parts->front().data(), sizeof event);
  return event;
}

Result<void> bind(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    socket.set(zmq::sockopt::ipv6, endpoint.contains('['));
    socket.bind(endpoint);
    return {};
  } catch (const zmq::error_t& error) {
    return fail(ErrorKind::failure, "cannot listen at {}: {}", endpoint, error.what());
  }
}

Result<void> connect(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    socket.set(zmq::sockopt::ipv6, endpoint.contains('['));
    socket.connect(endpoint);
    return {};
  } catch (const zmq::error_t& error) {
    return fail(ErrorKind::input, "cannot connect to {}: {}; right would be tcp://HOST:PORT",
                endpoint, error.what());
  }
}

std::optional<Parts> receive(zmq::socket_t& socket) {
  Parts parts;
  do {
    zmq::message_t part;
    // Parts of one message arrive together: after the first, none is waited for.
    try {
      if (!socket.recv(part, zmq::recv_flags::dontwait)) return std::nullopt;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;  // a signal came; what is there can be read the next time
      return std::nullopt;
    }
    parts.push_back(std::move(part));
  } while (parts.back().more());
  return parts;
}

bool send(zmq::socket_t& socket, Parts parts) {
  try {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto flags = i + 1 < parts.size()
                             ? zmq::send_flags::dontwait | zmq::send_flags::sndmore
                             : zmq::send_flags::dontwait;
      if (!socket.send(parts[i], flags)) return false;
    }
    return true;
  } catch (const zmq::error_t& error) {
    if (error.num() != EHOSTUNREACH) throw;
    return false;
  }
}

void wait(std::span<zmq::pollitem_t> items,
          std::optional<std::chrono::steady_clock::duration> timeout) {
  using std::chrono::milliseconds;
  const milliseconds longest =
      timeout ? std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*timeout))
              : milliseconds(-1);
  try {
    zmq::poll(items.data(), items.size(), longest);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
    for (zmq::pollitem_t& item : items) item.revents = 0;
  }
}

}  // namespace convoy::runtime
