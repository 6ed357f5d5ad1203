// Tells others of a fleet over HTTP while it runs.
#pragma once

#include <memory>
#include <string>

#include "foundation/error.h"
#include "runtime/fleet_status.h"

namespace convoy::serve {

// "HOST:PORT", "[::1]:9100", ":9100" (all of this host's addresses), port 0: any that is free.
struct HttpAddress {
  std::string host;
  int port = 0;
};
// Error: what is no address.
[[nodiscard]] Result<HttpAddress> parse_http_address(const std::string& text);

// GET /metrics is Prometheus' text format, GET /status JSON (runtime/fleet_status.h); 503 before
// the first publish(). It only tells, to whoever can reach the address, unencrypted. Threads of its
// own, which end with it.
class MetricsServer {
 public:
  // Error: an address that cannot be listened at.
  [[nodiscard]] static Result<MetricsServer> open(const std::string& address);
  MetricsServer(MetricsServer&&) noexcept;
  MetricsServer& operator=(MetricsServer&&) noexcept;
  ~MetricsServer();

  [[nodiscard]] int port() const;
  // From any thread: takes a copy.
  void publish(const runtime::FleetStatus& status);

 private:
  struct State;
  explicit MetricsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What /status says there. Error: nobody answers, or who does is no convoy.
[[nodiscard]] Result<std::string> fetch_status(const std::string& address);

}  // namespace convoy::serve
