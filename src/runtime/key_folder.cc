#include "runtime/key_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "foundation/file.h"
#include "foundation/file_descriptor.h"
#include "foundation/suggest.h"

namespace convoy::runtime {
namespace {

namespace fs = std::filesystem;

fs::path secret_file(const fs::path& folder) { return folder / "secret.key"; }

// Names may hold any character; files may not.
fs::path file_of(const fs::path& folder, std::string_view name) {
  std::string file;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    file += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return folder / (file + ".key");
}

Result<NamedKey> read_public(const fs::path& file) {
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto key = parse_public_key(*text);
  if (!key) return within(file.string(), std::move(key.error()));
  return key;
}

Result<std::vector<NamedKey>> keys_in(const fs::path& folder) {
  std::vector<NamedKey> keys;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    // What is being written has another name.
    if (entry.path().extension() != ".key" || entry.path().filename().string().starts_with('.')) {
      continue;
    }
    auto key = read_public(entry.path());
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(*std::move(key));
  }
  if (missing && missing != std::errc::no_such_file_or_directory) {
    return fail(ErrorKind::failure, "{}: {}", folder.string(), missing.message());
  }
  std::ranges::sort(keys, {}, &NamedKey::name);
  return keys;
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (!problem) return {};
  return fail(ErrorKind::failure, "cannot make the folder {}: {}", folder.string(),
              problem.message());
}

// Nobody else may read it at any time.
Result<void> write_secret(const fs::path& file, std::string_view text) {
  const FileDescriptor to(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to && errno == EEXIST) {
    return fail(ErrorKind::input,
                "{} exists already: a new key would make this host a stranger to "
                "all that know it; remove the file first if you want that",
                file.string());
  }
  if (!to || ::write(to.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail(ErrorKind::failure, "{}: cannot be written: {}", file.string(),
                std::strerror(errno));
  }
  return {};
}

}  // namespace

fs::path default_key_folder() {
  if (const char* const folder = std::getenv("CONVOY_KEYS"); folder && *folder) return folder;
  if (const char* const folder = std::getenv("XDG_CONFIG_HOME"); folder && *folder) {
    return fs::path(folder) / "convoy" / "keys";
  }
  const char* const home = std::getenv("HOME");
  return fs::path(home ? home : ".") / ".config" / "convoy" / "keys";
}

Result<KeyFolder> KeyFolder::create(const fs::path& folder, const std::string& name) {
  if (auto fine = check_key_name(name); !fine) return std::unexpected(fine.error());
  auto pair = make_key_pair();
  if (!pair) return std::unexpected(std::move(pair.error()));
  const auto made =
      make_folder(folder)
          .and_then([&] { return write_secret(secret_file(folder), secret_to_text(*pair, name)); })
          .and_then(
              [&] { return write_file(folder / "public.key", to_text({name, pair->public_key})); });
  if (!made) return std::unexpected(made.error());
  return KeyFolder(folder, name, *std::move(pair));
}

Result<KeyFolder> KeyFolder::open(const fs::path& folder) {
  const fs::path file = secret_file(folder);
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    return fail(ErrorKind::input, "{}: this host has no key there; make one with convoy keys init",
                folder.string());
  }
  if ((status.st_mode & 077) != 0) {
    return fail(ErrorKind::input,
                "{}: others may read it (mode {:04o}), so it is no secret; right "
                "would be 0600, or better a new key",
                file.string(), status.st_mode & 07777);
  }
  const auto text = read_file(file);
  if (!text) return std::unexpected(text.error());
  auto named = parse_secret_key(*text);
  if (!named) return within(file.string(), std::move(named.error()));
  auto pair = pair_of(named->key);
  if (!pair) return within(file.string(), std::move(pair.error()));
  return KeyFolder(folder, std::move(named->name), *std::move(pair));
}

Result<std::vector<NamedKey>> KeyFolder::trusted() const { return keys_in(folder_ / "trusted"); }

Result<std::vector<NamedKey>> KeyFolder::revoked() const { return keys_in(folder_ / "revoked"); }

Result<std::optional<NamedKey>> KeyFolder::find(const std::string& name) const {
  const fs::path file = file_of(folder_ / "trusted", name);
  std::error_code problem;
  if (!fs::exists(file, problem)) return std::nullopt;
  return read_public(file).transform([](NamedKey key) { return std::optional(std::move(key)); });
}

Result<NamedKey> KeyFolder::add(const fs::path& file, const std::string& name) {
  auto key = read_public(file);
  if (!key) return key;
  if (!name.empty()) key->name = name;
  if (auto fine = check_key_name(key->name); !fine) return std::unexpected(fine.error());
  if (key->key == own_.public_key) {
    return fail(ErrorKind::input, "{}: it is this host's own key", file.string());
  }
  const auto gone = revoked();
  if (!gone) return std::unexpected(gone.error());
  for (const NamedKey& each : *gone) {
    if (each.key != key->key) continue;
    return fail(ErrorKind::input,
                "{}: this key was revoked (as {}); let its host make a new one with "
                "convoy keys init",
                file.string(), each.name);
  }
  const auto known = trusted();
  if (!known) return std::unexpected(known.error());
  for (const NamedKey& each : *known) {
    if (each == *key) return key;
    if (each.name == key->name) {
      return fail(ErrorKind::input,
                  "another key is known as {}; revoke it first, or give this one "
                  "another name with --name",
                  each.name);
    }
    if (each.key == key->key) {
      return fail(ErrorKind::input, "{}: this key is known already, as {}", file.string(),
                  each.name);
    }
  }
  const fs::path folder = folder_ / "trusted";
  const auto kept = make_folder(folder).and_then(
      [&] { return write_file(file_of(folder, key->name), to_text(*key)); });
  if (!kept) return std::unexpected(kept.error());
  return key;
}

Result<NamedKey> KeyFolder::revoke(const std::string& name) {
  const auto key = find(name);
  if (!key) return std::unexpected(key.error());
  if (!*key) {
    const auto known = trusted();
    if (!known) return std::unexpected(known.error());
    std::vector<std::string> names;
    for (const NamedKey& each : *known) names.push_back(each.name);
    return fail(ErrorKind::input, "no key is known as \"{}\"{}", name, suggest(name, names));
  }
  // Under its key: one name may have had several.
  const fs::path folder = folder_ / "revoked";
  const auto noted = make_folder(folder).and_then(
      [&] { return write_file(file_of(folder, (*key)->key), to_text(**key)); });
  if (!noted) return std::unexpected(noted.error());
  const fs::path file = file_of(folder_ / "trusted", name);
  std::error_code problem;
  fs::remove(file, problem);
  if (problem) {
    return fail(ErrorKind::failure, "{}: cannot be removed, so the key is still trusted: {}",
                file.string(), problem.message());
  }
  return **key;
}

}  // namespace convoy::runtime
