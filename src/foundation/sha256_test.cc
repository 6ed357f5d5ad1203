#include "foundation/sha256.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace convoy {
namespace {

TEST(Sha256, AgreesWithTheStandardsExamples) {
  // FIPS 180-2, appendix B: "abc" and a million times "a".
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "convoy_sha256";
  std::ofstream(file, std::ios::binary) << "abc";
  EXPECT_EQ(sha256_of(file), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  std::ofstream(file, std::ios::binary) << std::string(1'000'000, 'a');
  EXPECT_EQ(sha256_of(file), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  std::filesystem::remove(file);
  EXPECT_FALSE(sha256_of(file).has_value());
  EXPECT_EQ(sha256_of_text("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace convoy
