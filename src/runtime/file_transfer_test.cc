#include "runtime/file_transfer.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "foundation/file.h"
#include "foundation/sha256.h"
#include "runtime/model_cache.h"

namespace convoy::runtime {
namespace {

// A file of layers, each of which is a letter many times.
constexpr std::size_t kLayerBytes = 150'000;

std::string weights_of(const std::string& layers) {
  std::string weights;
  for (const char layer : layers) weights += std::string(kLayerBytes, layer);
  return weights;
}

// One who is sent files, and what came by wire.
class FileTransferTest : public testing::Test {
 protected:
  FileTransferTest() {
    std::string name = (std::filesystem::temp_directory_path() / "convoy-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    cache_ = ModelCache::open({.folder = folder_ / "cache", .owner = "tablet"}).value();
  }
  ~FileTransferTest() override { std::filesystem::remove_all(folder_); }

  Result<FileTransfer> transfer_of(const std::string& layers, bool in_pieces = true) {
    const std::filesystem::path file = folder_ / layers;
    const std::string weights = weights_of(layers);
    EXPECT_TRUE(write_file(file, weights));
    sha256_ = sha256_of_text(weights);
    return FileTransfer::open(file, sha256_, {.underway = 3, .in_pieces = in_pieces});
  }
  static std::vector<onnx::DataPiece> pieces_of(const std::string& layers) {
    std::vector<onnx::DataPiece> pieces;
    for (const char layer : layers) {
      pieces.push_back({kLayerBytes, sha256_of_text(std::string(kLayerBytes, layer))});
    }
    return pieces;
  }
  // Answers what is asked, at most so many times.
  void answer(FileTransfer& transfer, const std::string& layers, int times = 1000) {
    while (!transfer.done() && times-- > 0) {
      if (transfer.awaits_pieces()) transfer.set_pieces(pieces_of(layers));
      const auto message = transfer.next().value();
      ASSERT_TRUE(message);
      const wire::Answer answer = answer_to(*message);
      if (answer.has_failure()) {
        ASSERT_TRUE(transfer.goes_on_without_pieces());
      } else {
        transfer.answered(answer);
      }
    }
  }
  wire::Answer answer_to(const FileTransfer::Message& message) {
    wire::Answer answer;
    if (message.request.has_offer()) {
      const wire::Offer& offer = message.request.offer();
      total_ = offer.bytes();
      answer.set_held_bytes(cache_->offer(offer.sha256(), offer.bytes()).value());
      const auto pieces = from_wire(offer.pieces(), offer.bytes()).value();
      if (pieces.empty()) return answer;
      const auto known = cache_->known_pieces(offer.sha256(), pieces).value();
      answer.mutable_known_pieces()->Add(known.begin(), known.end());
      return answer;
    }
    const wire::Chunk& chunk = message.request.chunk();
    if (chunk.has_copied()) {
      if (refuses_copies_) {
        answer.mutable_failure()->set_message("not here any more");
        return answer;
      }
      const auto copied = cache_->copy(chunk.sha256(), chunk.offset(),
                                       {chunk.copied().bytes(), chunk.copied().sha256()}, total_);
      EXPECT_TRUE(copied) << copied.error().message;
      answer.set_held_bytes(chunk.offset() + chunk.copied().bytes());
      return answer;
    }
    const zmq::message_t& bytes = message.parts.at(0);
    came_ += bytes.size();
    EXPECT_TRUE(cache_->append(chunk.sha256(), chunk.offset(),
                               {static_cast<const std::byte*>(bytes.data()), bytes.size()},
                               total_));
    answer.set_held_bytes(chunk.offset() + bytes.size());
    return answer;
  }
  void expect_here(const std::string& layers) {
    EXPECT_EQ(read_file(cache_->find({sha256_}).value()), weights_of(layers));
  }

  std::filesystem::path folder_;
  std::optional<ModelCache> cache_;
  std::string sha256_;
  std::uint64_t total_ = 0;
  std::size_t came_ = 0;
  bool refuses_copies_ = false;
};

TEST_F(FileTransferTest, SendsOnlyTheLayersThatTheWorkerLacks) {
  auto first = transfer_of("abc");
  answer(*first, "abc");
  EXPECT_EQ(came_, 3 * kLayerBytes);
  came_ = 0;
  for (const auto& [layers, lacked] :
       {std::pair<std::string, std::size_t>("bcd", 1), {"xayb", 2}, {"dcba", 0}, {"dcba", 0}}) {
    auto transfer = transfer_of(layers);
    answer(*transfer, layers);
    ASSERT_TRUE(transfer->done());
    expect_here(layers);
    EXPECT_EQ(std::exchange(came_, 0), lacked * kLayerBytes) << layers;
  }
}

TEST_F(FileTransferTest, GoesOnInMidFileOnANewConnection) {
  auto first = transfer_of("abc");
  answer(*first, "abc");
  for (int times = 1; times < 8; ++times) {
    const std::string layers = {'b', static_cast<char>('f' + times), 'c', 'e', 'a'};
    auto transfer = transfer_of(layers);
    answer(*transfer, layers, times);
    transfer->begin_again();
    answer(*transfer, layers);
    ASSERT_TRUE(transfer->done());
    expect_here(layers);
  }
}

TEST_F(FileTransferTest, SendsAllWithoutPieces) {
  auto first = transfer_of("abc");
  answer(*first, "abc");
  came_ = 0;
  auto second = transfer_of("bcd", false);
  answer(*second, "");
  expect_here("bcd");
  EXPECT_EQ(std::exchange(came_, 0), 3 * kLayerBytes);
  // They could not be found out.
  auto third = transfer_of("cde");
  answer(*third, "");
  expect_here("cde");
  EXPECT_EQ(came_, 3 * kLayerBytes);
}

TEST_F(FileTransferTest, SendsWhatTheWorkerCannotCopyAfterAll) {
  auto first = transfer_of("abc");
  answer(*first, "abc");
  refuses_copies_ = true;
  auto second = transfer_of("dbc");
  answer(*second, "dbc");
  ASSERT_TRUE(second->done());
  expect_here("dbc");
  EXPECT_FALSE(second->goes_on_without_pieces());  // only once
}

TEST_F(FileTransferTest, AsksNoMoreAtOnceThanItMay) {
  auto transfer = transfer_of("abc", false);
  transfer->answered(answer_to(*transfer->next().value()));
  std::vector<FileTransfer::Message> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(*transfer->next().value());
  EXPECT_FALSE(transfer->next().value());
  // A worker that says too much is not believed while it has yet to answer.
  wire::Answer all;
  all.set_held_bytes(total_);
  transfer->answered(all);
  EXPECT_FALSE(transfer->done());
}

TEST_F(FileTransferTest, AsksForOneCopyAtATime) {
  auto first = transfer_of("abc");
  answer(*first, "abc");
  auto second = transfer_of("bcd");
  second->answered(answer_to(*second->next().value()));
  second->set_pieces(pieces_of("bcd"));
  second->answered(answer_to(*second->next().value()));
  for (const bool copied : {true, true, false}) {
    const auto message = second->next().value();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->request.chunk().has_copied(), copied);
    EXPECT_EQ(second->next().value().has_value(), !copied);
    second->answered(answer_to(*message));
  }
}

}  // namespace
}  // namespace convoy::runtime
