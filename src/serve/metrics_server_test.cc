#include "serve/metrics_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

namespace convoy::serve {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpAddress, IsAHostAndAPort) {
  EXPECT_EQ(parse_http_address(":9100")->host, "");
  EXPECT_EQ(parse_http_address("127.0.0.1:9100")->host, "127.0.0.1");
  EXPECT_EQ(parse_http_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_http_address("[::1]:80")->port, 80);
  for (const char* wrong : {"", "9100", "host", "host:", "host:-1", "host:65536", "host:80x",
                            "::1:80"}) {
    const auto address = parse_http_address(wrong);
    ASSERT_FALSE(address) << wrong;
    EXPECT_THAT(address.error().message, HasSubstr("HOST:PORT"));
  }
}

TEST(MetricsServer, TellsWhatWasPublishedLast) {
  auto server = MetricsServer::open("127.0.0.1:0");
  ASSERT_TRUE(server) << server.error().message;
  const std::string address = fmt::format("127.0.0.1:{}", server->port());
  EXPECT_THAT(fetch_status(address).error().message, HasSubstr("only just begun"));
  server->publish({.name = "coordinator", .epoch = 1});
  server->publish({.name = "coordinator", .epoch = 2});
  const auto text = fetch_status(address);
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(runtime::status_from_json(*text, "")->epoch, 2u);
  const auto metrics = httplib::Client("127.0.0.1", server->port()).Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_THAT(metrics->get_header_value("Content-Type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_THAT(metrics->body, HasSubstr("\nconvoy_epoch 2\n"));
}

TEST(MetricsServer, TwoCannotListenAtOnePort) {
  const auto server = MetricsServer::open("127.0.0.1:0");
  ASSERT_TRUE(server) << server.error().message;
  const auto second = MetricsServer::open(fmt::format("127.0.0.1:{}", server->port()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::input);
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
}

TEST(FetchStatus, SaysWhoDoesNotAnswer) {
  std::string address;
  {
    const auto server = MetricsServer::open("127.0.0.1:0");
    ASSERT_TRUE(server) << server.error().message;
    address = fmt::format("127.0.0.1:{}", server->port());
  }
  const auto none = fetch_status(address);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, StartsWith("nobody answers at " + address));
  EXPECT_THAT(none.error().message, HasSubstr("--metrics"));
}

}  // namespace
}  // namespace convoy::serve
