#include "foundation/json.h"

#include <algorithm>
#include <string_view>

namespace convoy {

using nlohmann::json;

json parse_json(const std::string& text) try {
  return json::parse(text);
} catch (const json::parse_error& error) {
  // "[json.exception.parse_error.101] parse error at line 3, column 5: what it is"
  const std::string_view said = error.what();
  const auto end = text.begin() + std::clamp<std::ptrdiff_t>(error.byte - 1, 0, std::ssize(text));
  throw Malformed{fmt::format("not valid JSON: {}", said.substr(said.find(": ") + 2)),
                  1 + static_cast<std::size_t>(std::count(text.begin(), end, '\n'))};
} catch (const json::exception& error) {
  const std::string_view said = error.what();  // a number that is too large
  throw Malformed{fmt::format("not valid JSON: {}", said.substr(said.find("] ") + 2))};
}

const json& json_member(const json& object, const char* key) {
  const auto found = object.find(key);  // the end, too, in what is no object
  if (found == object.end()) throw Malformed{fmt::format("\"{}\" is missing", key)};
  return *found;
}

const json& json_list(const json& object, const char* key) {
  const json& value = json_member(object, key);
  if (!value.is_array()) throw Malformed{fmt::format("\"{}\" is not a list", key)};
  return value;
}

const json& json_object(const json& object, const char* key) {
  const json& value = json_member(object, key);
  if (!value.is_object()) throw Malformed{fmt::format("\"{}\" is not an object", key)};
  return value;
}

std::string json_text(const json& object, const char* key) {
  const json& value = json_member(object, key);
  if (!value.is_string()) throw Malformed{fmt::format("\"{}\" is not a text", key)};
  return value;
}

std::vector<std::string> json_texts(const json& object, const char* key) {
  const json& values = json_list(object, key);
  if (!std::ranges::all_of(values, &json::is_string)) {
    throw Malformed{fmt::format("\"{}\" does not list texts", key)};
  }
  return values;
}

double json_number(const json& value, std::string_view what, double most) {
  if (!value.is_number() || !(value >= 0 && value <= most)) {
    throw Malformed{fmt::format("\"{}\" is not a number from 0 to {:g}", what, most)};
  }
  return value;
}

double json_member_number(const json& object, const char* key, double most) {
  return json_number(json_member(object, key), key, most);
}

}  // namespace convoy
