#include "runtime/model_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <string_view>

#include "foundation/file.h"
#include "foundation/sha256.h"

namespace convoy::runtime {
namespace {

using testing::HasSubstr;

// `printf hello | sha256sum`
const std::string kHello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

class ModelCacheTest : public testing::Test {
 protected:
  ModelCacheTest() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ModelCacheTest() override { std::filesystem::remove_all(folder_); }

  static Result<ModelCache> open(const std::filesystem::path& folder) {
    return ModelCache::open({.folder = folder, .owner = "tablet"});
  }
  static Result<void> append(ModelCache& cache, std::uint64_t offset, std::string_view text,
                             std::uint64_t total, const std::string& name = kHello) {
    return cache.append(name, offset, std::as_bytes(std::span(text)), total);
  }

  std::filesystem::path folder_;
};

TEST_F(ModelCacheTest, KeepsAFileThatCameInPieces) {
  auto cache = open(folder_ / "new" / "folder");
  ASSERT_TRUE(cache);
  EXPECT_EQ(cache->offer(kHello, 5), 0u);
  EXPECT_FALSE(cache->find({kHello}));
  ASSERT_TRUE(append(*cache, 0, "hel", 5));
  EXPECT_EQ(cache->offer(kHello, 5), 3u);
  ASSERT_TRUE(append(*cache, 3, "lo", 5));
  EXPECT_EQ(cache->offer(kHello, 5), 5u);
  const auto file = cache->find({kHello});
  ASSERT_TRUE(file);
  EXPECT_EQ(read_file(*file), "hello");
}

TEST_F(ModelCacheTest, LaysAModelOutWithItsWeightsBesideIt) {
  auto cache = open(folder_);
  ASSERT_TRUE(write_file(folder_ / "w", "weights"));
  const std::string hash = sha256_of(folder_ / "w").value();
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  EXPECT_FALSE(cache->find({kHello, "model.onnx.data", hash}));
  ASSERT_TRUE(append(*cache, 0, "weights", 7, hash));
  for (int i = 0; i < 2; ++i) {
    const auto file = cache->find({kHello, "model.onnx.data", hash});
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(read_file(*file), "hello");
    EXPECT_EQ(read_file(file->parent_path() / "model.onnx.data"), "weights");
  }
  EXPECT_THAT(cache->find({kHello, "../data", hash}).error().message,
              HasSubstr("is no name for a file of weights"));
}

TEST_F(ModelCacheTest, RefusesPiecesThatDoNotFollow) {
  auto cache = open(folder_);
  ASSERT_TRUE(append(*cache, 0, "hel", 5));
  EXPECT_THAT(append(*cache, 4, "o", 5).error().message,
              HasSubstr("bytes 4 to 5 of 5 do not follow the 3 that are here"));
  EXPECT_FALSE(append(*cache, 3, "lo and more", 5));
  EXPECT_TRUE(append(*cache, 3, "lo", 5));
}

TEST_F(ModelCacheTest, RemovesAFileWithTheWrongContents) {
  auto cache = open(folder_);
  ASSERT_TRUE(append(*cache, 0, "jello", 5));
  EXPECT_THAT(cache->find({kHello}).error().message,
              HasSubstr("the model that arrived has the hash "));
  EXPECT_EQ(cache->offer(kHello, 5), 0u);
}

TEST_F(ModelCacheTest, GoesOnWithAPieceAfterARestartOfItsWorkerOnly) {
  auto before = open(folder_);
  ASSERT_TRUE(append(*before, 0, "hel", 5));
  EXPECT_EQ(ModelCache::open({.folder = folder_, .owner = "phone"})->offer(kHello, 5), 0u);
  auto again = open(folder_);
  EXPECT_EQ(again->offer(kHello, 5), 3u);
  ASSERT_TRUE(append(*again, 3, "lo", 5));
  EXPECT_TRUE(again->find({kHello}));
}

TEST_F(ModelCacheTest, DoesNotTrustAFileOfAnotherSize) {
  auto cache = open(folder_);
  ASSERT_TRUE(write_file(folder_ / (kHello + ".onnx"), "hell"));
  EXPECT_EQ(cache->offer(kHello, 5), 0u);
  EXPECT_TRUE(append(*cache, 0, "hello", 5));
  EXPECT_TRUE(cache->find({kHello}));
}

TEST_F(ModelCacheTest, MakesRoomWithWhatWasUsedLongestAgo) {
  auto cache = ModelCache::open({.folder = folder_, .owner = "tablet", .limit = Bytes(12)});
  const std::string world = sha256_of_text("world");
  const std::string other = sha256_of_text("other");
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  ASSERT_TRUE(append(*cache, 0, "world", 5, world));
  // "hello" is older, but was used since.
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(folder_ / (kHello + ".onnx"), now - std::chrono::hours(2));
  std::filesystem::last_write_time(folder_ / (world + ".onnx"), now - std::chrono::hours(1));
  ASSERT_TRUE(cache->find({kHello}));
  EXPECT_EQ(cache->offer(other, 5), 0u);
  EXPECT_TRUE(cache->find({kHello}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / (world + ".onnx")));
}

TEST_F(ModelCacheTest, KeepsWhatIsNeededAndItsLimit) {
  auto cache = ModelCache::open({.folder = folder_, .owner = "tablet", .limit = Bytes(8)});
  const std::string other = sha256_of_text("other");
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  EXPECT_THAT(cache->offer(other, 5, {kHello}).error().message, HasSubstr("whose limit is 8"));
  EXPECT_TRUE(cache->find({kHello}));
  // What can never fit costs nothing.
  EXPECT_FALSE(cache->offer(other, 9));
  EXPECT_TRUE(cache->find({kHello}));
}

TEST_F(ModelCacheTest, RemovesAModelWithItsLayout) {
  auto cache = ModelCache::open({.folder = folder_, .owner = "tablet", .limit = Bytes(14)});
  const std::string weights = sha256_of_text("weights");
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  ASSERT_TRUE(append(*cache, 0, "weights", 7, weights));
  ASSERT_TRUE(cache->find({kHello, "model.onnx.data", weights}));
  EXPECT_EQ(cache->offer(sha256_of_text("other"), 14), 0u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

onnx::DataPiece piece_of(const std::string& text) { return {text.size(), sha256_of_text(text)}; }

TEST_F(ModelCacheTest, CopiesWhatOtherFilesHave) {
  auto cache = open(folder_);
  const std::vector one = {piece_of("he"), piece_of("llo")};
  EXPECT_EQ(cache->known_pieces(kHello, one), std::vector<std::uint32_t>{});
  ASSERT_TRUE(append(*cache, 0, "hel", 5));
  const std::string other = sha256_of_text("my llo");
  const std::vector two = {piece_of("my "), piece_of("llo")};
  // What is not complete yet may never be.
  EXPECT_EQ(cache->known_pieces(other, two), std::vector<std::uint32_t>{});
  EXPECT_FALSE(cache->copy(other, 0, two[1], 6));
  ASSERT_TRUE(append(*cache, 3, "lo", 5));
  EXPECT_EQ(cache->known_pieces(other, two), std::vector<std::uint32_t>{1});
  ASSERT_TRUE(append(*cache, 0, "my ", 6, other));
  ASSERT_TRUE(cache->copy(other, 3, two[1], 6));
  EXPECT_EQ(read_file(cache->find({other}).value()), "my llo");
  // The first is not needed for that any more.
  EXPECT_EQ(cache->known_pieces(sha256_of_text("my"), {{piece_of("my ")}}),
            std::vector<std::uint32_t>{0});
}

TEST_F(ModelCacheTest, KnowsNoPieceThatIsHeldAlready) {
  auto cache = open(folder_);
  const std::vector all = {piece_of("he"), piece_of("llo")};
  ASSERT_TRUE(cache->known_pieces(kHello, all));
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  const std::string twice = sha256_of_text("hehello");
  ASSERT_TRUE(append(*cache, 0, "heh", 7, twice));
  EXPECT_EQ(cache->known_pieces(twice, {{piece_of("he"), piece_of("he"), piece_of("llo")}}),
            std::vector<std::uint32_t>{2});
}

TEST_F(ModelCacheTest, CopiesNothingThatIsNotWhatItWas) {
  auto cache = open(folder_);
  const std::vector all = {piece_of("he"), piece_of("llo")};
  ASSERT_TRUE(cache->known_pieces(kHello, all));
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  ASSERT_TRUE(write_file(folder_ / (kHello + ".onnx"), "jelly"));
  const std::string other = sha256_of_text("llo");
  EXPECT_EQ(cache->known_pieces(other, {{all[1]}}), std::vector<std::uint32_t>{0});
  EXPECT_THAT(cache->copy(other, 0, all[1], 3).error().message, HasSubstr("is not here any more"));
  EXPECT_EQ(cache->known_pieces(other, {{all[1]}}), std::vector<std::uint32_t>{});
}

TEST_F(ModelCacheTest, CopiesNothingThatAnotherWorkerHasRemoved) {
  auto one = ModelCache::open({.folder = folder_, .owner = "tablet", .limit = Bytes(12)});
  auto two = ModelCache::open({.folder = folder_, .owner = "phone", .limit = Bytes(12)});
  ASSERT_TRUE(one->known_pieces(kHello, {{piece_of("hello")}}));
  ASSERT_TRUE(append(*one, 0, "hello", 5));
  const std::string other = sha256_of_text("hello!");
  const std::vector all = {piece_of("hello"), piece_of("!")};
  EXPECT_EQ(two->known_pieces(other, all), std::vector<std::uint32_t>{0});
  ASSERT_TRUE(one->offer(sha256_of_text("0123456789"), 10));
  EXPECT_FALSE(two->copy(other, 0, all[0], 6));
  EXPECT_EQ(two->known_pieces(other, all), std::vector<std::uint32_t>{});
}

TEST_F(ModelCacheTest, LaysAModelOutThatAnotherWorkerIsLayingOut) {
  auto cache = open(folder_);
  const std::string weights = sha256_of_text("weights");
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  ASSERT_TRUE(append(*cache, 0, "weights", 7, weights));
  const auto file = cache->find({kHello, "model.onnx.data", weights});
  ASSERT_TRUE(file);
  std::filesystem::remove(file->parent_path() / "model.onnx.data");
  ASSERT_TRUE(cache->find({kHello, "model.onnx.data", weights}));
  EXPECT_EQ(read_file(file->parent_path() / "model.onnx.data"), "weights");
}

TEST_F(ModelCacheTest, RemovesAFileWithItsListOfPieces) {
  auto cache = ModelCache::open({.folder = folder_, .owner = "tablet", .limit = Bytes(8)});
  ASSERT_TRUE(cache->known_pieces(kHello, {{piece_of("hello")}}));
  ASSERT_TRUE(append(*cache, 0, "hello", 5));
  EXPECT_EQ(cache->offer(sha256_of_text("other"), 5), 0u);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(ModelCacheTest, WritesNowhereElse) {
  auto cache = open(folder_ / "cache");
  const std::string outside = "../" + kHello.substr(3);
  EXPECT_FALSE(append(*cache, 0, "x", 1, outside));
  EXPECT_THAT(cache->offer(outside, 5).error().message, HasSubstr("is no SHA-256"));
  EXPECT_FALSE(cache->find({"/etc/passwd"}));
  EXPECT_FALSE(cache->known_pieces(outside, {{piece_of("x")}}));
  EXPECT_FALSE(cache->copy(outside, 0, piece_of("x"), 1));
}

TEST_F(ModelCacheTest, SaysWhenTheFolderCannotBeMade) {
  ASSERT_TRUE(write_file(folder_ / "file", ""));
  EXPECT_THAT(open(folder_ / "file" / "cache").error().message,
              HasSubstr("cannot make the folder"));
}

}  // namespace
}  // namespace convoy::runtime
