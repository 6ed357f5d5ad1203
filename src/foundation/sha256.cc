#include "foundation/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <fstream>
#include <memory>
#include <span>
#include <vector>

namespace convoy {
namespace {

std::string as_hexadecimal(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace

Result<std::string> sha256_of(const std::filesystem::path& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                      &EVP_MD_CTX_free);
  bool good = digest != nullptr && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorKind::input, "{}: no such file, or not readable", file.string());
  std::vector<char> block(std::size_t{1} << 20);
  while (good && stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    good = EVP_DigestUpdate(digest.get(), block.data(), static_cast<std::size_t>(stream.gcount())) == 1;
  }
  if (stream.bad()) return fail(ErrorKind::failure, "{}: cannot be read to its end", file.string());
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned int size = 0;
  if (!good || EVP_DigestFinal_ex(digest.get(), sum.data(), &size) != 1) {
    return fail(ErrorKind::failure, "{}: OpenSSL cannot compute a SHA-256", file.string());
  }
  return as_hexadecimal(std::span(sum).first(size));
}

std::string sha256_of_text(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sum{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), sum.data());
  return as_hexadecimal(sum);
}

}  // namespace convoy
