// SHA-256, by which files are known to be the same.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "foundation/error.h"

namespace convoy {

// The sum of what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  void add(std::span<const char> bytes);
  // 64 hexadecimal digits, as `sha256sum` prints them. Nothing may be added after it.
  [[nodiscard]] std::string sum();

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // OpenSSL's EVP_MD_CTX
};

// The sum of a file, as above. Streams: the size of the file does not matter.
[[nodiscard]] Result<std::string> sha256_of(const std::filesystem::path& file);

// The same of a text.
[[nodiscard]] std::string sha256_of_text(std::string_view text);

}  // namespace convoy
