// Keys by which hosts know each other (CURVE: Curve25519), as text.
#pragma once

#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy::runtime {

// 40 characters of Z85 each.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

// Somebody's public key and the name under which they are known.
struct NamedKey {
  std::string name;
  std::string key;

  friend bool operator==(const NamedKey&, const NamedKey&) = default;
};

[[nodiscard]] Result<KeyPair> make_key_pair();
// The public key of a secret one; an error when it is none.
[[nodiscard]] Result<KeyPair> pair_of(const std::string& secret_key);

// One line each, as files hold them: "convoy-public-key KEY NAME".
[[nodiscard]] std::string to_text(const NamedKey& key);
// Errors say what is wrong; the caller adds the place.
[[nodiscard]] Result<NamedKey> parse_public_key(std::string_view text);
[[nodiscard]] std::string secret_to_text(const KeyPair& pair, std::string_view name);
[[nodiscard]] Result<NamedKey> parse_secret_key(std::string_view text);

// A name is one line of at most 64 bytes without control characters.
[[nodiscard]] Result<void> check_key_name(std::string_view name);

}  // namespace convoy::runtime
