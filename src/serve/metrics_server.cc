#include "serve/metrics_server.h"

#include <httplib.h>

#include <charconv>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

namespace convoy::serve {
namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kMostWaiting = 16;
constexpr std::chrono::seconds kPatience{2};

// The library's own lets several programs listen at one port, each with a share of the questions.
void set_options(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

Result<HttpAddress> parse_http_address(const std::string& text) {
  const auto colon = text.rfind(':');
  HttpAddress address;
  const char* const end = text.data() + text.size();
  if (colon != std::string::npos) {
    const auto port = std::from_chars(text.data() + colon + 1, end, address.port);
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
      address.host = address.host.substr(1, address.host.size() - 2);
    } else if (address.host.contains(':')) {
      address.port = -1;
    }
    if (port.ec == std::errc() && port.ptr == end && address.port >= 0 && address.port <= 65535) {
      return address;
    }
  }
  return fail(ErrorKind::input, "\"{}\" is no address; right would be HOST:PORT or :PORT, as in "
              "127.0.0.1:9100", text);
}

struct MetricsServer::State {
  httplib::Server http;
  int port = 0;
  std::mutex mutex;
  std::optional<runtime::FleetStatus> status;  // guarded by it
  std::jthread thread;

  ~State() { http.stop(); }
  template <class Text>
  void tell(const char* path, const char* type, Text text) {
    http.Get(path, [this, type, text](const httplib::Request&, httplib::Response& response) {
      std::optional<runtime::FleetStatus> now;
      {
        const std::scoped_lock lock(mutex);
        now = status;
      }
      if (!now) {
        response.status = httplib::StatusCode::ServiceUnavailable_503;
        return response.set_content("nothing is known yet\n", "text/plain");
      }
      response.set_content(text(*now), type);
    });
  }
};

MetricsServer::MetricsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MetricsServer::MetricsServer(MetricsServer&&) noexcept = default;
MetricsServer& MetricsServer::operator=(MetricsServer&&) noexcept = default;
MetricsServer::~MetricsServer() = default;

Result<MetricsServer> MetricsServer::open(const std::string& address) {
  const auto parsed = parse_http_address(address);
  if (!parsed) return std::unexpected(parsed.error());
  auto state = std::make_unique<State>();
  state->http.set_socket_options(set_options);
  state->http.new_task_queue = [] { return new httplib::ThreadPool(kThreads, kMostWaiting); };
  state->http.set_read_timeout(kPatience);
  state->http.set_write_timeout(kPatience);
  state->http.set_keep_alive_max_count(1);  // no connection keeps a thread
  state->http.set_payload_max_length(0);
  state->tell("/metrics", "text/plain; version=0.0.4; charset=utf-8",
              [](const auto& status) { return runtime::to_prometheus(status); });
  state->tell("/status", "application/json", [](const auto& status) {
    return runtime::to_json(status).dump(-1, ' ', false,
                                         nlohmann::json::error_handler_t::replace) + "\n";
  });
  const std::string host = parsed->host.empty() ? "0.0.0.0" : parsed->host;
  if (parsed->port == 0) {
    state->port = state->http.bind_to_any_port(host);
  } else if (state->http.bind_to_port(host, parsed->port)) {
    state->port = parsed->port;
  }
  if (state->port <= 0) {
    return fail(ErrorKind::input, "cannot listen at {}: it is no address of this host, or in use; "
                "right would be a free port, as in 127.0.0.1:0", address);
  }
  state->thread = std::jthread([http = &state->http] { http->listen_after_bind(); });
  state->http.wait_until_ready();
  return MetricsServer(std::move(state));
}

int MetricsServer::port() const { return state_->port; }

void MetricsServer::publish(const runtime::FleetStatus& status) {
  const std::scoped_lock lock(state_->mutex);
  state_->status = status;
}

Result<std::string> fetch_status(const std::string& address) {
  const auto parsed = parse_http_address(address);
  if (!parsed) return std::unexpected(parsed.error());
  httplib::Client client(parsed->host.empty() ? "127.0.0.1" : parsed->host, parsed->port);
  client.set_connection_timeout(kPatience);
  client.set_read_timeout(kPatience);
  const httplib::Result answer = client.Get("/status");
  if (!answer) {
    return fail(ErrorKind::lost,
                "nobody answers at {}; right would be the address that convoy run or convoy worker "
                "was given with --metrics, while it runs", address);
  }
  if (answer->status == httplib::StatusCode::ServiceUnavailable_503) {
    return fail(ErrorKind::lost, "{} does not know anything yet: it has only just begun", address);
  }
  if (answer->status != httplib::StatusCode::OK_200) {
    return fail(ErrorKind::input, "who answers at {} is no convoy (HTTP status {}); right would be "
                "the address of --metrics", address, answer->status);
  }
  return answer->body;
}

}  // namespace convoy::serve
