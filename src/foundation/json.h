// JSON files of ours, taken apart with errors for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "foundation/error.h"

namespace convoy {

// What is wrong with a file. Thrown by the functions below, for read_json() to catch.
struct Malformed {
  std::string what;
  std::size_t line = 0;  // 0: not known
};

// What must be there, of the kind that must be there.
[[nodiscard]] nlohmann::json parse_json(const std::string& text);
[[nodiscard]] const nlohmann::json& json_member(const nlohmann::json& object, const char* key);
[[nodiscard]] const nlohmann::json& json_list(const nlohmann::json& object, const char* key);
[[nodiscard]] const nlohmann::json& json_object(const nlohmann::json& object, const char* key);
[[nodiscard]] std::string json_text(const nlohmann::json& object, const char* key);
[[nodiscard]] std::vector<std::string> json_texts(const nlohmann::json& object, const char* key);
// From 0 to `most`; `what` names it in messages.
[[nodiscard]] double json_number(const nlohmann::json& value, std::string_view what, double most);
// The same of an object's member.
[[nodiscard]] double json_member_number(const nlohmann::json& object, const char* key, double most);

// What `make`, a function that returns a Result, makes of the text of a file. Errors begin with the
// place: "plan.json:3: not valid JSON: ...", "plan.json: \"stages\" is missing".
template <class Make>
auto read_json(const std::string& text, const std::string& file, Make make)
    -> std::invoke_result_t<Make, const nlohmann::json&> {
  try {
    auto made = make(parse_json(text));
    if (!made) return within(file, std::move(made.error()));
    return made;
  } catch (const Malformed& problem) {
    const std::string place = problem.line == 0 ? file : fmt::format("{}:{}", file, problem.line);
    return fail(ErrorKind::input, "{}: {}", place, problem.what);
  }
}

}  // namespace convoy
