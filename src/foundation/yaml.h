// A YAML file as values that remember their line, so that messages can point at it. yaml.cc is the
// only file that sees yaml-cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "foundation/error.h"

namespace convoy {

// One value of a YAML file: a scalar as it is spelled, a list, a map in the file's order, or null.
struct Yaml {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  std::string scalar;
  std::vector<Yaml> items;
  std::vector<Entry> entries;
  int line = 0;                             // of its key, in a map
  std::shared_ptr<const std::string> file;  // as it was named by whoever opened it

  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  // The value of a key, or null when this is no map or the key is absent.
  [[nodiscard]] const Yaml* find(std::string_view key) const;
  // "devices.yaml:14"
  [[nodiscard]] std::string place() const;
};

struct Yaml::Entry {
  std::string key;
  Yaml value;
};

// Errors: no such file, not YAML (with line), a second document, a repeated key, aliases that expand
// beyond reason.
[[nodiscard]] Result<Yaml> read_yaml(const std::filesystem::path& file);
[[nodiscard]] Result<Yaml> parse_yaml(const std::string& text, const std::string& file);

// The map has no key but these; an error names the key, its line and the nearest known one.
[[nodiscard]] Result<void> only_keys(const Yaml& map, std::span<const std::string> known);

// What must be there, and what may be. `what` says what the map is, for messages: "a device".
[[nodiscard]] Result<const Yaml*> required(const Yaml& map, std::string_view key,
                                           std::string_view what);
[[nodiscard]] Result<std::string> required_text(const Yaml& map, std::string_view key,
                                                std::string_view what);
[[nodiscard]] Result<std::string> text_or(const Yaml& map, std::string_view key,
                                          std::string fallback);

// The value itself in one kind; `what` names it in messages: "batch_size".
[[nodiscard]] Result<std::string> as_text(const Yaml& value, std::string_view what);
[[nodiscard]] Result<const std::vector<Yaml>*> as_list(const Yaml& value, std::string_view what);
[[nodiscard]] Result<void> expect_map(const Yaml& value, std::string_view what);

// An input error with the value's place in front.
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail_at(const Yaml& value, fmt::format_string<Args...> format,
                                             Args&&... args) {
  return within(value.place(),
                Error{ErrorKind::input, fmt::format(format, std::forward<Args>(args)...)});
}

}  // namespace convoy
