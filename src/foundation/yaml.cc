#include "foundation/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "foundation/suggest.h"

namespace convoy {
namespace {

constexpr int kMostValues = 200000;  // a configuration has hundreds; aliases could make billions
constexpr int kMostLevels = 64;

std::string_view name_of(Yaml::Kind kind) {
  switch (kind) {
    case Yaml::Kind::null: return "nothing";
    case Yaml::Kind::scalar: return "a single value";
    case Yaml::Kind::list: return "a list";
    case Yaml::Kind::map: return "a map";
  }
  return "";
}

// Where the first value of a document stands that is not null.
struct FirstValue : YAML::EventHandler {
  int line = 0;  // 0: there is none

  void see(const YAML::Mark& mark) {
    if (line == 0) line = mark.line + 1;
  }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { see(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    see(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    see(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    see(mark);
  }
  void OnMapEnd() override {}
};

// The line of a second document, or 0. (YAML::LoadAll takes some files for endlessly many.)
int second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  FirstValue first;
  FirstValue second;
  if (parser.HandleNextDocument(first)) parser.HandleNextDocument(second);
  return second.line;
}

struct Converter {
  std::shared_ptr<const std::string> file;
  int values = 0;

  Result<Yaml> convert(const YAML::Node& node, int line, int level) {
    Yaml value;
    value.file = file;
    value.line = line;
    if (++values > kMostValues || level > kMostLevels) {
      return fail_at(value, "too large or too deeply nested for a configuration file");
    }
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        value.kind = Yaml::Kind::scalar;
        value.scalar = node.Scalar();
        break;
      case YAML::NodeType::Sequence:
        value.kind = Yaml::Kind::list;
        for (const auto& item : node) {
          Result<Yaml> converted = convert(item, item.Mark().line + 1, level + 1);
          if (!converted) return converted;
          value.items.push_back(std::move(*converted));
        }
        break;
      case YAML::NodeType::Map:
        value.kind = Yaml::Kind::map;
        for (const auto& entry : node) {
          if (Result<void> added = add(value, entry.first, entry.second, level); !added) {
            return std::unexpected(added.error());
          }
        }
        break;
    }
    return value;
  }

  Result<void> add(Yaml& map, const YAML::Node& key, const YAML::Node& item, int level) {
    const int line = key.Mark().line + 1;
    Yaml place;
    place.file = file;
    place.line = line;
    if (!key.IsScalar()) return fail_at(place, "a key must be a single word");
    if (const Yaml* earlier = map.find(key.Scalar())) {
      return fail_at(place, "key \"{}\" stands here a second time; the first is in line {}",
                     key.Scalar(), earlier->line);
    }
    Result<Yaml> converted = convert(item, line, level + 1);
    if (!converted) return std::unexpected(converted.error());
    map.entries.emplace_back(key.Scalar(), std::move(*converted));
    return {};
  }
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string Yaml::place() const { return fmt::format("{}:{}", file ? *file : "", line); }

Result<Yaml> parse_yaml(const std::string& text, const std::string& file) {
  try {
    Converter converter{.file = std::make_shared<const std::string>(file)};
    const YAML::Node document = YAML::Load(text);
    if (const int line = second_document(text); line != 0) {
      return fail(ErrorKind::input, "{}:{}: a second YAML document starts here; a file holds one",
                  file, line);
    }
    return converter.convert(document, 1, 0);
  } catch (const YAML::ParserException& error) {
    return fail(ErrorKind::input, "{}:{}: not valid YAML: {}", file, error.mark.line + 1,
                error.msg);
  } catch (const YAML::Exception& error) {
    return fail(ErrorKind::input, "{}: not valid YAML: {}", file, error.what());
  }
}

Result<Yaml> read_yaml(const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return fail(ErrorKind::input, "{}: is a folder, not a YAML file", file.string());
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorKind::input, "{}: no such file, or not readable", file.string());
  return parse_yaml(std::string(std::istreambuf_iterator<char>(stream), {}), file.string());
}

Result<void> only_keys(const Yaml& map, std::span<const std::string> known) {
  for (const auto& [key, value] : map.entries) {
    if (std::ranges::find(known, key) != known.end()) continue;
    return fail_at(value, "unknown key \"{}\"{}", key, suggest(key, known));
  }
  return {};
}

Result<const Yaml*> required(const Yaml& map, std::string_view key, std::string_view what) {
  const Yaml* value = map.find(key);
  if (value == nullptr || value->is_null()) {
    return fail_at(value == nullptr ? map : *value, "{} needs \"{}\"", what, key);
  }
  return value;
}

Result<std::string> required_text(const Yaml& map, std::string_view key, std::string_view what) {
  return required(map, key, what).and_then([&](const Yaml* value) { return as_text(*value, key); });
}

Result<std::string> text_or(const Yaml& map, std::string_view key, std::string fallback) {
  const Yaml* value = map.find(key);
  if (value == nullptr || value->is_null()) return fallback;
  return as_text(*value, key);
}

Result<std::string> as_text(const Yaml& value, std::string_view what) {
  if (!value.is_scalar()) {
    return fail_at(value, "\"{}\" must be a single value, not {}", what, name_of(value.kind));
  }
  return value.scalar;
}

Result<const std::vector<Yaml>*> as_list(const Yaml& value, std::string_view what) {
  if (!value.is_list()) {
    return fail_at(value, "\"{}\" must be a list, not {}", what, name_of(value.kind));
  }
  return &value.items;
}

Result<void> expect_map(const Yaml& value, std::string_view what) {
  if (!value.is_map()) {
    return fail_at(value, "\"{}\" must be a map of keys and values, not {}", what,
                   name_of(value.kind));
  }
  return {};
}

}  // namespace convoy
