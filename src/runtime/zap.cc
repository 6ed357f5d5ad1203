#include "runtime/zap.h"

#include <zmq.h>

#include <array>
#include <string_view>

namespace convoy::runtime {
namespace {

constexpr std::string_view kVersion = "1.0";
constexpr std::size_t kKeyBytes = 32;

}  // namespace

Result<ZapRequest> parse_zap(const Parts& parts) {
  // Version, id, domain, address, routing id, mechanism, credentials.
  if (parts.size() != 7 || parts[0].to_string_view() != kVersion ||
      parts[5].to_string_view() != "CURVE" || parts[6].size() != kKeyBytes) {
    return fail(ErrorKind::failure, "no request of ZAP 1.0 for CURVE");
  }
  std::array<char, kKeyBytes * 5 / 4 + 1> key{};
  ::zmq_z85_encode(key.data(), static_cast<const std::uint8_t*>(parts[6].data()), kKeyBytes);
  return ZapRequest{.id = parts[1].to_string(),
                    .domain = parts[2].to_string(),
                    .address = parts[3].to_string(),
                    .key = key.data()};
}

Parts zap_answer(const ZapRequest& request, Verdict verdict) {
  const bool admitted = verdict == Verdict::admitted;
  Parts parts;
  for (const std::string_view text :
       {kVersion, std::string_view(request.id), std::string_view(admitted ? "200" : "400"),
        std::string_view(admitted ? "" : "unknown key"),
        admitted ? std::string_view(request.key) : std::string_view(), std::string_view()}) {
    parts.emplace_back(text);
  }
  return parts;
}

}  // namespace convoy::runtime
