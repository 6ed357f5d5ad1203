#include "runtime/keys.h"

#include <zmq.h>

#include <algorithm>
#include <array>

namespace convoy::runtime {
namespace {

constexpr std::size_t kKeyChars = 40;
constexpr std::string_view kPublic = "convoy-public-key ";
constexpr std::string_view kSecret = "convoy-secret-key ";

bool is_key(const std::string& text) {
  std::array<std::uint8_t, 32> bytes;
  return text.size() == kKeyChars && ::zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

std::string line_of(std::string_view kind, std::string_view key, std::string_view name) {
  return fmt::format("{}{} {}\n", kind, key, name);
}

Result<NamedKey> parse_line(std::string_view kind, std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (!text.starts_with(kind) || text.size() < kind.size() + kKeyChars + 2 ||
      text[kind.size() + kKeyChars] != ' ') {
    return fail(ErrorKind::input, "is no key; right would be one line \"{}KEY NAME\"", kind);
  }
  NamedKey key{.name = std::string(text.substr(kind.size() + kKeyChars + 1)),
               .key = std::string(text.substr(kind.size(), kKeyChars))};
  if (!is_key(key.key)) return fail(ErrorKind::input, "its key is damaged");
  if (auto fine = check_key_name(key.name); !fine) return std::unexpected(fine.error());
  return key;
}

}  // namespace

Result<KeyPair> make_key_pair() {
  std::array<char, kKeyChars + 1> public_key{};
  std::array<char, kKeyChars + 1> secret_key{};
  if (::zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return fail(ErrorKind::failure, "this ZeroMQ was built without CURVE");
  }
  return KeyPair{public_key.data(), secret_key.data()};
}

Result<KeyPair> pair_of(const std::string& secret_key) {
  std::array<char, kKeyChars + 1> public_key{};
  if (!is_key(secret_key) || ::zmq_curve_public(public_key.data(), secret_key.c_str()) != 0) {
    return fail(ErrorKind::input, "its key is damaged");
  }
  return KeyPair{public_key.data(), secret_key};
}

std::string to_text(const NamedKey& key) { return line_of(kPublic, key.key, key.name); }

Result<NamedKey> parse_public_key(std::string_view text) { return parse_line(kPublic, text); }

std::string secret_to_text(const KeyPair& pair, std::string_view name) {
  return line_of(kSecret, pair.secret_key, name);
}

Result<NamedKey> parse_secret_key(std::string_view text) { return parse_line(kSecret, text); }

Result<void> check_key_name(std::string_view name) {
  const bool printable = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 127; });
  if (!name.empty() && name.size() <= 64 && printable) return {};
  return fail(ErrorKind::input, "a name is one line of 1 to 64 bytes without control characters");
}

}  // namespace convoy::runtime
