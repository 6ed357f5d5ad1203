#include "onnx/data_piece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "foundation/file.h"
#include "foundation/sha256.h"
#include "onnx/testing.h"

namespace convoy::onnx {
namespace {

// Weights of so many floats each, filled with their own letters, beside the model.
void write_weights(const std::filesystem::path& file, const std::string& letters,
                   const std::vector<int>& floats) {
  Model model = parse_graph("g (float[4] x) => (float[4] y) { y = Neg(x) }");
  for (std::size_t i = 0; i < floats.size(); ++i) {
    auto& weight = *model.box().model.mutable_graph()->add_initializer();
    weight.set_name(letters.substr(i, 1));
    weight.set_data_type(proto::TensorProto::FLOAT);
    weight.add_dims(floats[i]);
    weight.set_raw_data(std::string(static_cast<std::size_t>(floats[i]) * 4, letters[i]));
  }
  ASSERT_TRUE(write_for_engine(std::move(model), file));
}

std::vector<DataPiece> pieces_beside(const std::filesystem::path& file) {
  return pieces_of(file, file.string() + ".data").value();
}

TEST(DataPiece, TheyAreTheWholeFileInOrder) {
  const ScratchFolder scratch;
  write_weights(scratch / "m.onnx", "abc", {1'100'001, 10'000, 3'000'000});
  const std::string data = read_file(scratch / "m.onnx.data").value();
  std::size_t begin = 0;
  for (const DataPiece& piece : pieces_beside(scratch / "m.onnx")) {
    EXPECT_GT(piece.bytes, 0U);
    EXPECT_LE(piece.bytes, kMostPieceBytes);
    EXPECT_EQ(piece.sha256, sha256_of_text(std::string_view(data).substr(begin, piece.bytes)));
    begin += piece.bytes;
  }
  EXPECT_EQ(begin, data.size());
}

TEST(DataPiece, LayersThatFilesShareHaveTheSameOnesWhereverTheyLie) {
  const ScratchFolder scratch;
  const std::vector<int> floats = {1'000'000, 100'000, 1'500'000};
  write_weights(scratch / "one.onnx", "abc", floats);
  write_weights(scratch / "other.onnx", "bcd", {100'000, 1'500'000, 300'000});
  const auto one = pieces_beside(scratch / "one.onnx");
  const auto other = pieces_beside(scratch / "other.onnx");
  std::uint64_t shared = 0;
  for (const DataPiece& piece : other) {
    if (std::ranges::contains(one, piece)) shared += piece.bytes;
  }
  // "b", of which a page is not full, and of "c" what is not at the end of one file only.
  EXPECT_GE(shared, 400'000U + kMostPieceBytes);
  EXPECT_LT(shared, 6'500'000U);
}

TEST(DataPiece, SmallTensorsAreOneWithWhatFollows) {
  const ScratchFolder scratch;
  write_weights(scratch / "m.onnx", "abcd", {2'000, 2'000, 2'000, 1'100'000});
  EXPECT_THAT(pieces_beside(scratch / "m.onnx"), testing::SizeIs(testing::Le(3)));
}

TEST(DataPiece, WhatCannotBeReadIsNamed) {
  const ScratchFolder scratch;
  write_weights(scratch / "m.onnx", "a", {1'100'000});
  EXPECT_THAT(pieces_of(scratch / "m.onnx", scratch / "none").error().message,
              testing::HasSubstr("none: cannot be read"));
  EXPECT_FALSE(pieces_of(scratch / "none.onnx", scratch / "m.onnx.data"));
}

}  // namespace
}  // namespace convoy::onnx
