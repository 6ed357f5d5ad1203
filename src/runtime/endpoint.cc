#include "runtime/endpoint.h"

#include <arpa/inet.h>

#include <charconv>

namespace convoy::runtime {
namespace {

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "localhost" || host == "[::1]";
}

bool is_everywhere(std::string_view host) {
  if (host == "*") return true;
  in_addr v4{};
  if (::inet_aton(std::string(host).c_str(), &v4) != 0) return v4.s_addr == INADDR_ANY;
  if (!host.starts_with('[') || !host.ends_with(']')) return false;
  in6_addr v6{};
  const std::string inner(host.substr(1, host.size() - 2));
  return ::inet_pton(AF_INET6, inner.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  constexpr std::string_view kIpc = "ipc://";
  constexpr std::string_view kTcp = "tcp://";
  if (text.starts_with(kIpc) && text.size() > kIpc.size()) {
    return Endpoint{std::string(text), fmt::format("{}.data", text), Reach::files};
  }
  const auto colon = text.rfind(':');
  if (text.starts_with(kTcp) && colon != std::string_view::npos && colon > kTcp.size()) {
    const std::string_view host = text.substr(kTcp.size(), colon - kTcp.size());
    const std::string_view digits = text.substr(colon + 1);
    int port = 0;
    const auto [end, problem] = std::from_chars(digits.begin(), digits.end(), port);
    if (problem == std::errc() && end == digits.end() && port > 0 && port < 65535) {
      return Endpoint{std::string(text), fmt::format("{}{}:{}", kTcp, host, port + 1),
                      is_loopback(host) ? Reach::loopback : Reach::network, is_everywhere(host)};
    }
  }
  return fail(ErrorKind::input, "\"{}\" is no address; right would be tcp://HOST:PORT", text);
}

}  // namespace convoy::runtime
