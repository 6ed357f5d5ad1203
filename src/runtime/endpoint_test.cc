#include "runtime/endpoint.h"

#include <gtest/gtest.h>

namespace convoy::runtime {
namespace {

TEST(Endpoint, TensorsComeInAtTheNextPort) {
  const auto endpoint = parse_endpoint("tcp://0.0.0.0:7700");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->control, "tcp://0.0.0.0:7700");
  EXPECT_EQ(endpoint->data, "tcp://0.0.0.0:7701");
  EXPECT_EQ(endpoint->reach, Reach::network);
  EXPECT_EQ(parse_endpoint("ipc:///run/a")->data, "ipc:///run/a.data");
}

TEST(Endpoint, KnowsWhatOnlyThisHostReaches) {
  for (const char* text : {"tcp://127.0.0.1:1", "tcp://localhost:1", "tcp://[::1]:1"}) {
    EXPECT_EQ(parse_endpoint(text)->reach, Reach::loopback) << text;
  }
  EXPECT_EQ(parse_endpoint("ipc:///run/a")->reach, Reach::files);
  EXPECT_EQ(parse_endpoint("tcp://[fe80::1]:7700")->reach, Reach::network);
  EXPECT_EQ(parse_endpoint("tcp://*:7700")->reach, Reach::network);
  for (const char* text :
       {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://0:1", "tcp://[::]:1", "tcp://[::0]:1"}) {
    EXPECT_TRUE(parse_endpoint(text)->is_everywhere) << text;
  }
  for (const char* text : {"tcp://10.0.0.1:1", "tcp://[::1]:1", "tcp://tablet:1"}) {
    EXPECT_FALSE(parse_endpoint(text)->is_everywhere) << text;
  }
}

TEST(Endpoint, RefusesWhatIsNone) {
  for (const char* text : {"", "tablet", "tablet:7700", "tcp://tablet", "tcp://:7700", "tcp://a:0",
                           "tcp://a:65535", "tcp://a:77o", "tcp://a:", "ipc://", "udp://a:7700"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error().message,
              "\"" + std::string(text) + "\" is no address; right would be tcp://HOST:PORT");
  }
}

}  // namespace
}  // namespace convoy::runtime
