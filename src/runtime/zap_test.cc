#include "runtime/zap.h"

#include <gtest/gtest.h>
#include <zmq.h>

#include <array>

namespace convoy::runtime {
namespace {

// https://rfc.zeromq.org/spec/32 (Z85) gives these bytes and this text.
constexpr std::array<unsigned char, 8> kHello = {0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B};

Parts question(std::string version = "1.0", std::string mechanism = "CURVE",
               std::size_t key_bytes = 32) {
  Parts parts;
  for (const std::string& text : {version, std::string("id"), std::string("control"),
                                  std::string("10.0.0.7"), std::string(), mechanism}) {
    parts.emplace_back(text);
  }
  std::string key(key_bytes, '\0');
  if (key_bytes >= kHello.size()) std::copy(kHello.begin(), kHello.end(), key.begin());
  parts.emplace_back(key);
  return parts;
}

TEST(Zap, UnderstandsTheQuestion) {
  const auto asked = parse_zap(question());
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->id, "id");
  EXPECT_EQ(asked->domain, "control");
  EXPECT_EQ(asked->address, "10.0.0.7");
  EXPECT_EQ(asked->key.substr(0, 10), "HelloWorld");
  EXPECT_EQ(asked->key.size(), 40u);
}

TEST(Zap, RefusesOtherQuestions) {
  EXPECT_FALSE(parse_zap(question("2.0")));
  EXPECT_FALSE(parse_zap(question("1.0", "PLAIN")));
  EXPECT_FALSE(parse_zap(question("1.0", "CURVE", 31)));
  Parts parts = question();
  parts.pop_back();
  EXPECT_FALSE(parse_zap(parts));
  EXPECT_FALSE(parse_zap({}));
}

TEST(Zap, AnswersWithTheKeyOnlyWhereItIsAdmitted) {
  const ZapRequest request{.id = "id", .key = "KEY"};
  const Parts admitted = zap_answer(request, Verdict::admitted);
  ASSERT_EQ(admitted.size(), 6u);  // version, id, status, text, user id, metadata
  EXPECT_EQ(admitted[1].to_string(), "id");
  EXPECT_EQ(admitted[2].to_string(), "200");
  EXPECT_EQ(admitted[4].to_string(), "KEY");
  const Parts refused = zap_answer(request, Verdict::refused);
  ASSERT_EQ(refused.size(), 6u);
  EXPECT_EQ(refused[2].to_string(), "400");
  EXPECT_EQ(refused[4].to_string(), "");
}

}  // namespace
}  // namespace convoy::runtime
