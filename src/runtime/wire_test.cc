#include "runtime/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace convoy::runtime {
namespace {

using testing::HasSubstr;

onnx::Tensor floats(std::vector<std::int64_t> dims, std::size_t bytes) {
  onnx::Tensor tensor{.type = onnx::ElementType::float32, .dims = std::move(dims)};
  for (std::size_t i = 0; i < bytes; ++i) tensor.data.push_back(static_cast<std::byte>(i));
  return tensor;
}

Parcel sample() {
  return {.epoch = 1ull << 40,
          .request = 12,
          .items = {{ValueId(3), engine::share(floats({2, 3}, 24))},
                    {ValueId(4), {}},
                    {ValueId(5), engine::share({.type = onnx::ElementType::string,
                                                .dims = {2},
                                                .strings = {"a", "\xff\0b"}})},
                    {ValueId(6), engine::share(floats({0, 7}, 0))}}};
}

Result<Parcel> decoded(Parts parts) {
  wire::DataHeader header;
  if (!parse_part(parts.front(), header)) return fail(ErrorKind::failure, "no header");
  return decode(header, parts);
}

// What decode says of `change`d headers.
std::string complaint(const std::function<void(wire::DataHeader&)>& change) {
  Parts parts = encode(sample(), PeerId(1));
  wire::DataHeader header;
  EXPECT_TRUE(parse_part(parts.front(), header));
  change(header);
  const auto parcel = decode(header, parts);
  return parcel ? "" : parcel.error().message;
}

TEST(Wire, CarriesAParcelUnchanged) {
  const Parcel sent = sample();
  const auto parcel = decoded(encode(sent, PeerId(1)));
  ASSERT_TRUE(parcel);
  EXPECT_EQ(parcel->epoch, sent.epoch);
  EXPECT_EQ(parcel->request, 12u);
  EXPECT_FALSE(parcel->failure);
  ASSERT_EQ(parcel->items.size(), sent.items.size());
  for (std::size_t i = 0; i < sent.items.size(); ++i) {
    EXPECT_EQ(parcel->items[i].value, sent.items[i].value);
    EXPECT_EQ(engine::copy(parcel->items[i].tensor), engine::copy(sent.items[i].tensor));
  }
}

TEST(Wire, CarriesSequencesOfTensorsAndOfMaps) {
  const onnx::Tensor one = floats({2}, 8);
  const onnx::Tensor map{.sequence = std::vector{one, floats({3}, 12)}};
  for (const onnx::Tensor& sent :
       {onnx::Tensor{.sequence = std::vector<onnx::Tensor>()},
        onnx::Tensor{.sequence = std::vector{one, one}}, onnx::Tensor{.sequence = std::vector{map}}}) {
    const auto parcel = decoded(
        encode({.epoch = 1, .request = 2, .items = {{ValueId(3), engine::share(sent)}}}, PeerId(1)));
    ASSERT_TRUE(parcel) << parcel.error().message;
    EXPECT_EQ(engine::copy(parcel->items.at(0).tensor), sent);
  }
}

TEST(Wire, RefusesEndlessSequences) {
  EXPECT_THAT(complaint([](wire::DataHeader& header) {
                wire::TensorHeader* at = header.mutable_items(0);
                for (int depth = 0; depth < 50; ++depth) {
                  at->set_is_sequence(true);
                  at = at->add_elements();
                }
              }),
              HasSubstr("a sequence of sequences"));
}

TEST(Wire, CarriesAFailure) {
  Parcel sent{.epoch = 1, .failure = Error{ErrorKind::input, "no"}, .items = {{ValueId(1), {}}}};
  const auto parcel = decoded(encode(sent, PeerId(1)));
  ASSERT_TRUE(parcel);
  EXPECT_EQ(parcel->failure, sent.failure);
}

TEST(Wire, SaysThatThereAreTooManyStrings) {
  const Parcel sent{
      .epoch = 1,
      .request = 2,
      .items = {{ValueId(3), engine::share({.type = onnx::ElementType::string,
                                            .dims = {1},
                                            .strings = {std::string(17 << 20, 'a')}})}}};
  const auto parcel = decoded(encode(sent, PeerId(1)));
  ASSERT_TRUE(parcel);
  EXPECT_EQ(parcel->request, 2u);
  EXPECT_EQ(parcel->items.at(0).value, ValueId(3));
  EXPECT_THAT(parcel->failure->message, HasSubstr("17.8 MB of strings are too many to send"));
}

TEST(Wire, DoesNotParseWhatIsTooLarge) {
  wire::DataHeader header;
  EXPECT_TRUE(parse_part(zmq::message_t(), header));
  std::string unknown_field = "\x7a";  // field 15, of bytes, five bytes of length
  for (const char c : {'\x80', '\x80', '\x80', '\x08'}) unknown_field += c;
  unknown_field.resize(unknown_field.size() + kMostParsedBytes);
  EXPECT_TRUE(header.ParseFromString(unknown_field));
  EXPECT_FALSE(parse_part(zmq::message_t(unknown_field), header));
}

TEST(Wire, DoesNotCopyTensors) {
  const Parcel sent = sample();
  const std::byte* const bytes = sent.items[0].tensor.data.data();
  Parts parts = encode(sent, PeerId(1));
  EXPECT_EQ(parts[1].data(), bytes);
  const auto parcel = decoded(std::move(parts));
  ASSERT_TRUE(parcel);
  EXPECT_EQ(parcel->items[0].tensor.data.data(), bytes);
}

TEST(Wire, LetsGoOfATensorOnceItIsSent) {
  Parcel sent{.items = {{ValueId(1), engine::share(floats({2}, 8))}}};
  const std::weak_ptr<const void> owner = sent.items[0].tensor.owner;
  Parts parts = encode(sent, PeerId(1));
  sent.items.clear();
  EXPECT_FALSE(owner.expired());
  parts.clear();
  EXPECT_TRUE(owner.expired());
}

TEST(Wire, RefusesHeadersThatDoNotFitTheirParts) {
  EXPECT_THAT(complaint([](auto& header) { header.mutable_items(0)->set_type(999); }),
              HasSubstr("unknown type 999"));
  EXPECT_THAT(complaint([](auto& header) { header.mutable_items(0)->set_dims(0, -2); }),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(complaint([](auto& header) {
                header.mutable_items(0)->set_dims(0, std::int64_t{1} << 62);
              }),
              HasSubstr("impossible dimensions"));
  EXPECT_THAT(complaint([](auto& header) { header.mutable_items(0)->set_bytes(20); }),
              HasSubstr("20 bytes and 0 strings where its dimensions mean 24 and 0"));
  EXPECT_THAT(complaint([](auto& header) {
                header.mutable_items(0)->set_dims(0, 1 << 20);
                header.mutable_items(0)->set_bytes(12 << 20);
              }),
              HasSubstr("without a part of that size"));
  EXPECT_THAT(complaint([](auto& header) { header.mutable_items(2)->add_strings("c"); }),
              HasSubstr("3 strings where its dimensions mean 0 and 2"));
  EXPECT_THAT(complaint([](auto& header) { header.mutable_items()->DeleteSubrange(0, 1); }),
              HasSubstr("more parts than tensors"));
  EXPECT_THAT(complaint([](auto& header) {
                for (int i = 0; i < 100; ++i) header.mutable_items(0)->add_dims(1);
              }),
              HasSubstr("102 dimensions"));
}

TEST(Wire, SurvivesRandomHeaders) {
  std::mt19937 random(1);
  const Parts good = [] { return encode(sample(), PeerId(1)); }();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good.front().to_string();
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    Parts parts = encode(sample(), PeerId(1));
    parts.front() = zmq::message_t(bytes);
    if (const auto parcel = decoded(std::move(parts))) {
      EXPECT_LE(bytes_of(*parcel), Bytes(10'000));
    }
  }
}

TEST(Wire, PiecesMustBeTheFile) {
  google::protobuf::RepeatedPtrField<wire::Piece> pieces;
  const auto add = [&](std::uint64_t bytes) { *pieces.Add() = to_wire({bytes, "abc"}); };
  EXPECT_TRUE(from_wire(pieces, 5)->empty());
  add(100'000);
  add(5);
  const auto read = from_wire(pieces, 100'005);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)[1], (onnx::DataPiece{5, "abc"}));
  EXPECT_FALSE(from_wire(pieces, 100'004));
  add(0);
  EXPECT_THAT(from_wire(pieces, 100'005).error().message, testing::HasSubstr("has 3 pieces"));
  pieces.Clear();
  add(onnx::kMostPieceBytes + 1);
  EXPECT_FALSE(from_wire(pieces, onnx::kMostPieceBytes + 1));
  pieces.Clear();
  add(~std::uint64_t{0});  // the sum must not go round
  add(2);
  EXPECT_FALSE(from_wire(pieces, 1));
}

}  // namespace
}  // namespace convoy::runtime
