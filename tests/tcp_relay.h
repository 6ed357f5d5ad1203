// A way between two programs that can be cut.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>

namespace convoy {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A socket that is bound to a port of this host (0: any); its port.
inline std::pair<int, int> bind_loopback(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), size) != 0) {
    ::close(socket);
    return {-1, 0};
  }
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return {socket, ntohs(address.sin_port)};
}

// A port that is free now, as is the next.
inline int free_port() {
  for (int i = 0; i < 100; ++i) {
    const auto [first, port] = bind_loopback(0);
    const auto [second, next] = bind_loopback(port + 1);
    ::close(first);
    if (second < 0) continue;
    ::close(second);
    return port;
  }
  throw std::runtime_error("no free port");
}

inline int connect_loopback(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return socket;
  }
  ::close(socket);
  return -1;
}

// Passes one connection at a time on to a port of this host; cuts each of them, but for the last,
// after `most_bytes` from who connects.
class TcpRelay {
 public:
  TcpRelay(int to, std::uint64_t most_bytes, int cuts)
      : to_(to), most_bytes_(most_bytes), cuts_(cuts) {
    std::tie(listener_, port_) = bind_loopback(0);
    ::listen(listener_, 8);
    thread_ = std::thread([this] { serve(); });
  }
  ~TcpRelay() {
    ending_ = true;
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::uint64_t passed() const { return passed_; }
  [[nodiscard]] int cut() const { return cut_; }

 private:
  void serve() {
    while (!ending_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int near = ::accept(listener_, nullptr, nullptr);
      const int far = connect_loopback(to_);
      if (far >= 0) pass_on(near, far);
      ::close(near);
      if (far >= 0) ::close(far);
    }
  }

  void pass_on(int near, int far) {
    std::uint64_t of_this = 0;
    std::array<pollfd, 2> ends = {pollfd{near, POLLIN, 0}, pollfd{far, POLLIN, 0}};
    std::array<char, 16384> buffer;
    while (!ending_) {
      ::poll(ends.data(), ends.size(), 20);
      for (const int from : {0, 1}) {
        const int to = 1 - from;
        if (ends[from].revents == 0) continue;
        const ssize_t read = ::recv(ends[from].fd, buffer.data(), buffer.size(), 0);
        if (read <= 0) return;
        if (::send(ends[to].fd, buffer.data(), read, MSG_NOSIGNAL) != read) return;
        if (from == 0) {
          passed_ += read;
          of_this += read;
        }
      }
      if (cut_ < cuts_ && of_this >= most_bytes_) {
        ++cut_;
        return;
      }
    }
  }

  int to_;
  std::uint64_t most_bytes_;
  int cuts_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<std::uint64_t> passed_ = 0;
  std::atomic<int> cut_ = 0;
  std::thread thread_;
};

}  // namespace convoy
