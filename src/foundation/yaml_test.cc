#include "foundation/yaml.h"

#include <gmock/gmock.h>

namespace convoy {
namespace {

using testing::HasSubstr;

Yaml parsed(const std::string& text) {
  Result<Yaml> yaml = parse_yaml(text, "f.yaml");
  if (!yaml) ADD_FAILURE() << yaml.error().message;
  return yaml.value_or(Yaml());
}

TEST(Yaml, KeepsOrderSpellingAndLines) {
  const Yaml yaml = parsed("b: '007'\n\na:\n  - 1.50\n  - {x: ~}\n");
  ASSERT_TRUE(yaml.is_map());
  EXPECT_EQ(yaml.entries[0].key, "b");
  EXPECT_EQ(yaml.find("b")->scalar, "007");
  EXPECT_EQ(yaml.find("a")->items[0].scalar, "1.50");
  EXPECT_EQ(yaml.find("a")->items[1].line, 5);
  EXPECT_TRUE(yaml.find("a")->items[1].find("x")->is_null());
  EXPECT_EQ(yaml.find("nothing"), nullptr);
}

TEST(Yaml, AnUnknownKeyIsAnErrorWithItsLineAndTheNearestKey) {
  const Yaml yaml = parsed("name: a\nbandwidht: 3\n");
  const std::vector<std::string> known = {"name", "bandwidth"};
  EXPECT_EQ(only_keys(yaml, known).error().message,
            "f.yaml:2: unknown key \"bandwidht\"; did you mean \"bandwidth\"?");
}

TEST(Yaml, ARepeatedKeyIsAnError) {
  EXPECT_EQ(parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml").error().message,
            "f.yaml:3: key \"a\" stands here a second time; the first is in line 1");
}

TEST(Yaml, WhatIsNoYamlIsAnErrorWithItsLine) {
  const Result<Yaml> yaml = parse_yaml("a: 1\nb: [1, 2\nc: }\n", "f.yaml");
  ASSERT_FALSE(yaml);
  EXPECT_EQ(yaml.error().kind, ErrorKind::input);
  EXPECT_THAT(yaml.error().message, HasSubstr("f.yaml:3: not valid YAML"));
}

TEST(Yaml, ASecondDocumentIsAnErrorWithItsLine) {
  EXPECT_EQ(parse_yaml("a: 1\n---\nb: 2\n", "f.yaml").error().message,
            "f.yaml:3: a second YAML document starts here; a file holds one");
  EXPECT_EQ(parsed("---\na: 1\n...\n---\n").find("a")->scalar, "1");
  EXPECT_TRUE(parsed("# nothing\n").is_null());
  (void)parse_yaml("a\n.3.2\"]\n  b: \"c\"\n", "f.yaml");  // found by fuzzing: no end of documents
}

TEST(Yaml, AliasesThatExplodeAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    text += fmt::format("a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) text += fmt::format("{}*a{}", j == 0 ? "" : ", ", i - 1);
    text += "]\n";
  }
  EXPECT_THAT(parse_yaml(text, "f.yaml").error().message, HasSubstr("too large"));
}

TEST(Yaml, MissingFilesKeysAndWrongKindsAreNamed) {
  EXPECT_THAT(read_yaml("/no/such.yaml").error().message, HasSubstr("/no/such.yaml: no such file"));
  const Yaml yaml = parsed("a: [1]\nb: text\nc:\n");
  EXPECT_EQ(required(yaml, "name", "a device").error().message,
            "f.yaml:1: a device needs \"name\"");
  EXPECT_EQ(required(yaml, "c", "a device").error().message, "f.yaml:3: a device needs \"c\"");
  EXPECT_EQ(required_text(yaml, "a", "a device").error().message,
            "f.yaml:1: \"a\" must be a single value, not a list");
  EXPECT_EQ(as_list(*yaml.find("b"), "b").error().message,
            "f.yaml:2: \"b\" must be a list, not a single value");
  EXPECT_EQ(expect_map(*yaml.find("b"), "b").error().message,
            "f.yaml:2: \"b\" must be a map of keys and values, not a single value");
  EXPECT_EQ(text_or(yaml, "d", "otherwise"), "otherwise");
}

}  // namespace
}  // namespace convoy
