#include "runtime/wire.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "onnx/tensor.h"

namespace convoy::runtime {
namespace {

constexpr int kMostDims = 64;
constexpr int kMostDepth = 3;  // a sequence of maps, each of keys and values

// How many strings a tensor of these dimensions holds; nothing when that is absurd.
std::optional<std::uint64_t> elements_of(const std::vector<std::int64_t>& dims) {
  // A tensor of bytes has as many elements as bytes.
  const auto bytes = onnx::bytes_of(onnx::ElementType::uint8, dims);
  return bytes ? std::optional(static_cast<std::uint64_t>(bytes->value())) : std::nullopt;
}

Result<engine::SharedTensor> take_tensor(const wire::TensorHeader& header, Parts& parts,
                                         std::size_t& next, int depth = 0) {
  engine::SharedTensor tensor;
  if (header.is_sequence()) {
    if (depth == kMostDepth) return fail(ErrorKind::failure, "a sequence of sequences of sequences");
    tensor.sequence.emplace();
    for (const wire::TensorHeader& element : header.elements()) {
      auto taken = take_tensor(element, parts, next, depth + 1);
      if (!taken) return taken;
      tensor.sequence->push_back(*std::move(taken));
    }
    return tensor;
  }
  if (header.type() < 0 || header.type() > static_cast<int>(onnx::ElementType::float4e2m1)) {
    return fail(ErrorKind::failure, "a tensor of the unknown type {}", header.type());
  }
  if (header.dims_size() > kMostDims) {
    return fail(ErrorKind::failure, "a tensor of {} dimensions", header.dims_size());
  }
  tensor.type = static_cast<onnx::ElementType>(header.type());
  tensor.dims.assign(header.dims().begin(), header.dims().end());
  std::uint64_t expected_bytes = 0;
  std::uint64_t expected_strings = 0;
  if (tensor.type == onnx::ElementType::string) {
    const auto elements = elements_of(tensor.dims);
    if (!elements) return fail(ErrorKind::failure, "a tensor of strings of impossible dimensions");
    expected_strings = *elements;
  } else if (tensor.type != onnx::ElementType::undefined) {
    const auto bytes = onnx::bytes_of(tensor.type, tensor.dims);
    if (!bytes) return fail(ErrorKind::failure, "a tensor of impossible dimensions");
    expected_bytes = static_cast<std::uint64_t>(bytes->value());
  }
  if (header.bytes() != expected_bytes ||
      static_cast<std::uint64_t>(header.strings_size()) != expected_strings) {
    return fail(ErrorKind::failure, "a tensor of {} bytes and {} strings where its dimensions mean "
                "{} and {}", header.bytes(), header.strings_size(), expected_bytes,
                expected_strings);
  }
  tensor.strings.assign(header.strings().begin(), header.strings().end());
  if (expected_bytes == 0) return tensor;
  if (next >= parts.size() || parts[next].size() != expected_bytes) {
    return fail(ErrorKind::failure, "a tensor of {} bytes without a part of that size",
                expected_bytes);
  }
  auto owner = std::make_shared<const zmq::message_t>(std::move(parts[next++]));
  tensor.data = {static_cast<const std::byte*>(owner->data()), owner->size()};
  tensor.owner = std::move(owner);
  return tensor;
}

// ZeroMQ has sent a tensor; `hint` is its owner.
void let_go_of_tensor(void*, void* hint) { delete static_cast<std::shared_ptr<const void>*>(hint); }

}  // namespace

wire::Failure to_wire(const Error& error) {
  wire::Failure failure;
  failure.set_kind(static_cast<int>(error.kind));
  failure.set_message(error.message);
  return failure;
}

Error from_wire(const wire::Failure& failure) {
  const bool known =
      failure.kind() >= 0 && failure.kind() <= static_cast<int>(ErrorKind::cancelled);
  return {known ? static_cast<ErrorKind>(failure.kind()) : ErrorKind::failure, failure.message()};
}

wire::Drops to_wire(const Drops& drops) {
  wire::Drops message;
  message.set_malformed(drops.malformed);
  message.set_untimely(drops.untimely);
  message.set_strangers(drops.strangers);
  message.set_refused(drops.refused);
  return message;
}

Drops from_wire(const wire::Drops& drops) {
  return {.malformed = drops.malformed(),
          .untimely = drops.untimely(),
          .strangers = drops.strangers(),
          .refused = drops.refused()};
}

wire::Piece to_wire(const onnx::DataPiece& piece) {
  wire::Piece message;
  message.set_bytes(piece.bytes);
  message.set_sha256(piece.sha256);
  return message;
}

Result<std::vector<onnx::DataPiece>> from_wire(
    const google::protobuf::RepeatedPtrField<wire::Piece>& pieces, std::uint64_t total) {
  std::vector<onnx::DataPiece> read;
  std::uint64_t sum = 0;
  if (static_cast<std::uint64_t>(pieces.size()) > total / onnx::kLeastPieceBytes + 1) {
    return fail(ErrorKind::failure, "a file of {} bytes has {} pieces", total, pieces.size());
  }
  for (const wire::Piece& piece : pieces) {
    if (piece.bytes() > onnx::kMostPieceBytes) {
      return fail(ErrorKind::failure, "a piece of a file has more than {} bytes",
                  onnx::kMostPieceBytes);
    }
    sum += piece.bytes();
    read.push_back({piece.bytes(), piece.sha256()});
  }
  if (!read.empty() && sum != total) {
    return fail(ErrorKind::failure, "the pieces of a file of {} bytes have {}", total, sum);
  }
  return read;
}

zmq::message_t to_part(const google::protobuf::MessageLite& message) {
  zmq::message_t part(message.ByteSizeLong());
  message.SerializeToArray(part.data(), static_cast<int>(part.size()));
  return part;
}

Parts to_parts(const google::protobuf::MessageLite& message) {
  Parts parts;
  parts.push_back(to_part(message));
  return parts;
}

Parts knock(PeerId from) {
  wire::DataHeader knock;
  knock.set_kind(wire::DataHeader::KNOCK);
  knock.set_from(static_cast<std::uint32_t>(from.index()));
  return to_parts(knock);
}

Bytes bytes_of(std::uint64_t count) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return Bytes(static_cast<std::int64_t>(std::min<std::uint64_t>(count, kMost)));
}

bool parse_part(const zmq::message_t& part, google::protobuf::MessageLite& message) {
  // Nonsense is counted by whoever got it; it shall not fill the log.
  const google::protobuf::LogSilencer quiet;
  return part.size() <= kMostParsedBytes &&
         message.ParseFromArray(part.data(), static_cast<int>(part.size()));
}

void append_tensor(const engine::SharedTensor& tensor, wire::TensorHeader& header, Parts& parts) {
  if (tensor.sequence) {
    header.set_is_sequence(true);
    for (const engine::SharedTensor& element : *tensor.sequence) {
      append_tensor(element, *header.add_elements(), parts);
    }
    return;
  }
  header.set_type(static_cast<int>(tensor.type));
  header.mutable_dims()->Add(tensor.dims.begin(), tensor.dims.end());
  header.set_bytes(tensor.data.size());
  for (const std::string& text : tensor.strings) header.add_strings(text);
  if (tensor.data.empty()) return;
  // ZeroMQ may let go in its own thread; the tensor's owner is counted atomically.
  auto owner = std::make_unique<std::shared_ptr<const void>>(tensor.owner);
  parts.emplace_back(
      const_cast<std::byte*>(tensor.data.data()), tensor.data.size(),
      let_go_of_tensor, owner.get());
  owner.release();
}

Result<std::vector<engine::SharedTensor>> take_tensors(
    const google::protobuf::RepeatedPtrField<wire::TensorHeader>& headers, Parts& parts,
    std::size_t next) {
  std::vector<engine::SharedTensor> tensors;
  tensors.reserve(static_cast<std::size_t>(headers.size()));
  for (const wire::TensorHeader& header : headers) {
    auto tensor = take_tensor(header, parts, next);
    if (!tensor) return std::unexpected(std::move(tensor.error()));
    tensors.push_back(*std::move(tensor));
  }
  if (next != parts.size()) return fail(ErrorKind::failure, "more parts than tensors");
  return tensors;
}

Parts encode(const Parcel& parcel, PeerId from) {
  wire::DataHeader header;
  header.set_from(static_cast<std::uint32_t>(from.index()));
  header.set_epoch(parcel.epoch);
  header.set_request(parcel.request);
  if (parcel.failure) *header.mutable_failure() = to_wire(*parcel.failure);
  Parts parts(1);
  for (const Item& item : parcel.items) {
    wire::TensorHeader& tensor = *header.add_items();
    tensor.set_value(static_cast<std::uint32_t>(item.value.index()));
    append_tensor(item.tensor, tensor, parts);
  }
  if (header.ByteSizeLong() > kMostParsedBytes) {
    Parcel instead{.epoch = parcel.epoch,
                   .request = parcel.request,
                   .failure = Error{
                       ErrorKind::failure,
                       fmt::format("{} of strings are too many to send; at most {} are right",
                                   to_text(Bytes(static_cast<std::int64_t>(header.ByteSizeLong()))),
                                   to_text(Bytes(kMostParsedBytes)))}};
    for (const Item& item : parcel.items) instead.items.push_back({item.value, {}});
    return encode(instead, from);
  }
  parts.front() = to_part(header);
  return parts;
}

Result<Parcel> decode(const wire::DataHeader& header, Parts& parts) {
  Parcel parcel{.epoch = header.epoch(), .request = header.request()};
  if (header.has_failure()) parcel.failure = from_wire(header.failure());
  auto tensors = take_tensors(header.items(), parts, 1);
  if (!tensors) return std::unexpected(std::move(tensors.error()));
  for (int i = 0; i < header.items_size(); ++i) {
    parcel.items.push_back({ValueId(header.items(i).value()), std::move((*tensors)[i])});
  }
  return parcel;
}

Bytes bytes_of(const Parcel& parcel) {
  Bytes bytes(0);
  for (const Item& item : parcel.items) bytes += engine::bytes_of(item.tensor);
  return bytes;
}

Bytes bytes_of(const Parts& parts) {
  Bytes bytes(0);
  for (const zmq::message_t& part : parts) bytes += Bytes(static_cast<std::int64_t>(part.size()));
  return bytes;
}

}  // namespace convoy::runtime
