// A host's own key, and the keys it trusts, as files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "foundation/error.h"
#include "runtime/keys.h"

namespace convoy::runtime {

// $CONVOY_KEYS, else $XDG_CONFIG_HOME/convoy/keys, else $HOME/.config/convoy/keys. It may not
// exist.
[[nodiscard]] std::filesystem::path default_key_folder();

//   DIR/secret.key       this host's, mode 0600
//   DIR/public.key       to be copied to others
//   DIR/trusted/*.key    others', by name: a worker obeys them as coordinators, a coordinator knows
//                        its devices by them
//   DIR/revoked/*.key    no longer; not to be trusted again
// Nothing is kept in memory but this host's own key: whoever asks sees what the files say now.
class KeyFolder {
 public:
  // Makes the folder and a key. Error: there is one already.
  [[nodiscard]] static Result<KeyFolder> create(const std::filesystem::path& folder,
                                                const std::string& name);
  // Error: no key, or one that others than its owner may read.
  [[nodiscard]] static Result<KeyFolder> open(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const KeyPair& own() const { return own_; }

  // By name. Errors name the file that is no key.
  [[nodiscard]] Result<std::vector<NamedKey>> trusted() const;
  [[nodiscard]] Result<std::vector<NamedKey>> revoked() const;
  // Nothing when nobody of that name is trusted.
  [[nodiscard]] Result<std::optional<NamedKey>> find(const std::string& name) const;

  // Trusts the public key in `file`, under another name if one is given. Errors: it was revoked,
  // the name is taken by another key, it is this host's own.
  [[nodiscard]] Result<NamedKey> add(const std::filesystem::path& file, const std::string& name);
  [[nodiscard]] Result<NamedKey> revoke(const std::string& name);

 private:
  KeyFolder(std::filesystem::path folder, std::string name, KeyPair own)
      : folder_(std::move(folder)), name_(std::move(name)), own_(std::move(own)) {}

  std::filesystem::path folder_;
  std::string name_;
  KeyPair own_;
};

}  // namespace convoy::runtime
