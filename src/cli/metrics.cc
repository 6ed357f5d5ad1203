#include "cli/metrics.h"

#include <fmt/format.h>

#include <utility>

namespace convoy::cli {

void add_metrics(CLI::App& command, std::string& address) {
  command.add_option("--metrics", address,
                     "HOST:PORT or :PORT (all addresses of this host; port 0: any that is free) to "
                     "serve /metrics for Prometheus at, and /status for convoy status; whoever "
                     "reaches it can read");
}

Result<std::optional<serve::MetricsServer>> serve_metrics(const std::string& address) {
  if (address.empty()) return std::nullopt;
  auto server = serve::MetricsServer::open(address);
  if (!server) return within("--metrics", std::move(server.error()));
  fmt::print(stderr, "convoy: metrics at port {}, /metrics and /status\n", server->port());
  return std::optional(*std::move(server));
}

std::function<void(const runtime::FleetStatus&)> publisher(
    std::optional<serve::MetricsServer>& server) {
  if (!server) return {};
  return [&server](const runtime::FleetStatus& status) { server->publish(status); };
}

}  // namespace convoy::cli
