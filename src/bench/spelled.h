// A text of a YAML file with its place, kept until it is known what it must mean.
#pragma once

#include <filesystem>
#include <string>

#include "foundation/yaml.h"

namespace convoy::bench {

struct Spelled {
  std::string text;            // empty: the file does not say
  std::string place;           // "testenv.yaml:12"
  std::filesystem::path file;  // that says it; relative paths count from there too

  [[nodiscard]] bool given() const { return !text.empty(); }
};

// The scalar under `key`, or nothing given when the key is absent or empty.
[[nodiscard]] inline Result<Spelled> spelled(const Yaml& map, const std::string& key) {
  const Yaml* value = map.find(key);
  if (value == nullptr || value->is_null()) return Spelled{};
  return as_text(*value, key).transform([&](const std::string& text) {
    return Spelled{.text = text, .place = value->place(), .file = *value->file};
  });
}

}  // namespace convoy::bench
