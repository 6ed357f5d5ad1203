#include "foundation/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <vector>

namespace convoy {

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
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", sum[i]);
  return text;
}

}  // namespace convoy
