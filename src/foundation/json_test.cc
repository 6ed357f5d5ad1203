#include "foundation/json.h"

#include <gmock/gmock.h>

namespace convoy {
namespace {

using testing::StartsWith;

std::string error_of(const std::string& text) {
  const auto read = read_json(text, "f.json", [](const nlohmann::json& json) -> Result<double> {
    for (const nlohmann::json& stage : json_list(json, "stages")) {
      const std::string device = json_text(stage, "device");
      if (json_texts(stage, "nodes").empty()) return fail(ErrorKind::input, "{} has none", device);
    }
    return json_member_number(json, "period", 1e6);
  });
  return read ? "no error" : read.error().message;
}

TEST(Json, SaysInALineWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of(R"({"stages": [{"device": "a", "nodes": ["n"]}], "period": 1})"), "no error");
  EXPECT_THAT(error_of("{\n  \"stages\": [,]}"),
              StartsWith("f.json:2: not valid JSON: syntax error while parsing value"));
  EXPECT_THAT(error_of("{\n\n"), StartsWith("f.json:3: not valid JSON: "));
  EXPECT_THAT(error_of(""), StartsWith("f.json:1: not valid JSON: "));
  EXPECT_THAT(error_of("{\"period\": 1e999}"),
              StartsWith("f.json: not valid JSON: number overflow"));
  EXPECT_EQ(error_of("[]"), "f.json: \"stages\" is missing");
  EXPECT_EQ(error_of("{\"stages\": {}}"), "f.json: \"stages\" is not a list");
  EXPECT_EQ(error_of("{\"stages\": [7]}"), "f.json: \"device\" is missing");
  EXPECT_EQ(error_of("{\"stages\": [{\"device\": 7}]}"), "f.json: \"device\" is not a text");
  EXPECT_EQ(error_of(R"({"stages": [{"device": "a", "nodes": [7]}]})"),
            "f.json: \"nodes\" does not list texts");
  EXPECT_EQ(error_of(R"({"stages": [{"device": "a", "nodes": []}]})"), "f.json: a has none");
  for (const std::string number : {"-1", "1e300", "\"1\"", "null"}) {
    EXPECT_EQ(error_of("{\"stages\": [], \"period\": " + number + "}"),
              "f.json: \"period\" is not a number from 0 to 1e+06");
  }
}

}  // namespace
}  // namespace convoy
